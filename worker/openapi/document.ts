// The description of the whole API in OpenAPI 3.1, made from the route table: from what each route
// says of itself and from the schemas that its requests are read with. Nothing in it is written
// twice, so it cannot come to say what the code does not do.

import type * as z from "zod";
import { ERRORS, type ErrorCode } from "../../shared/errors.ts";
import {
  type Access,
  type Described,
  type Example,
  errorsOf,
  type ReplyForm,
  repliesOf,
  TAGS,
  type Tag,
  takesJson,
} from "./about.ts";
import { CAUTIONS, COMMON_HEADERS, INTRODUCTION, PARAMETERS, RATE_HEADERS } from "./common.ts";
import { ErrorReply } from "./error-reply.ts";
import { NAMED } from "./named.ts";
import { componentsOf, type JsonSchema, prepare, referTo, schemaOf } from "./schemas.ts";
import type { TableRow } from "./table.ts";

export type Parameter = {
  name: string;
  in: "path" | "query" | "header";
  required?: boolean;
  description: string;
  schema: JsonSchema;
  example?: string;
};
export type Content = {
  schema: JsonSchema;
  examples?: Record<string, { summary: string; value: unknown }>;
  example?: unknown;
};
export type ResponseObject = {
  description: string;
  headers?: Record<string, { $ref: string }>;
  content?: Record<string, Content>;
};
export type Operation = {
  operationId: string;
  summary: string;
  description?: string;
  tags: string[];
  security: Record<string, string[]>[];
  parameters: Parameter[];
  requestBody?: { required: boolean; description?: string; content: Record<string, Content> };
  responses: Record<string, ResponseObject>;
};
export type OpenApi = {
  openapi: string;
  info: { title: string; version: string; description: string };
  servers: { url: string; description: string }[];
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: {
    schemas: Record<string, JsonSchema>;
    headers: Record<string, { description: string; schema: JsonSchema }>;
    securitySchemes: Record<string, { type: string; scheme: string; description: string }>;
  };
};

const VERSION = "0.1.0";

/** The description of these routes. Throws when one of them says too little to be described. */
export function describeApi(routes: readonly TableRow[]): OpenApi {
  const paths: OpenApi["paths"] = {};
  const unnamed = routes.flatMap(({ about }) => (about === undefined ? [] : unnamedIn(about)));
  prepare([...new Set(unnamed)]);
  for (const { method, path, about } of routes) {
    if (about === undefined) throw new Error(`${method} ${path} is not made by handle()`);
    const at = templateOf(path);
    paths[at] = { ...paths[at], [method.toLowerCase()]: operationOf(method, path, about) };
  }
  return {
    openapi: "3.1.1",
    info: { title: "agent-coderunner", version: VERSION, description: INTRODUCTION },
    servers: [{ url: "/", description: "This service." }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: componentsOf(),
      headers: { ...COMMON_HEADERS, ...RATE_HEADERS, ...CAUTIONS },
      securitySchemes: {
        key: { type: "http", scheme: "bearer", description: "A key of `POST /api/keys`." },
        operator: { type: "http", scheme: "bearer", description: "The operator's token." },
      },
    },
  };
}

/** The schemas of a route that will have to be written out where they are used. */
function unnamedIn(about: Described): z.ZodType[] {
  const replies = Object.values(repliesOf(about)).map(({ json }) => json);
  const all = [takesJson(about) ? about.body : undefined, about.query, ...replies];
  return all.filter((schema) => schema !== undefined).filter((schema) => !NAMED.has(schema));
}

/** A path as OpenAPI writes it: what the table calls `*` is the rest of the path. */
export function templateOf(path: string): string {
  return path.replace(/:(\w+)/g, "{$1}").replace(/\*$/, "{path}");
}

function operationOf(method: string, path: string, about: Described): Operation {
  const { summary = "", description, operation, access = "key" } = about;
  return {
    operationId: operation ?? operationNameOf(method, path),
    summary,
    ...(description !== undefined && { description }),
    tags: [tagOf(path, about)],
    security: securityFor(access),
    parameters: [...pathParameters(path), ...queryParameters(about), ...headerParameters(about)],
    ...requestOf(about),
    responses: both(goodReplies(about), failures(about)),
  };
}

function operationNameOf(method: string, path: string): string {
  const words = path.split("/").flatMap((part) => part.match(/\w+/g) ?? []);
  const name = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
  return method.toLowerCase() + (name || "Root");
}

function tagOf(path: string, { tag }: Described): Tag {
  if (tag !== undefined) return tag;
  if (path.startsWith("/admin")) return "Operators";
  if (/^\/(api|v1)\/sessions\b/.test(path)) return "Sessions";
  if (/^\/(api|v1)\/(execute|executions)\b/.test(path)) return "Executions";
  if (/^\/(api|v1)\/deposits\b/.test(path)) return "Payments";
  return /^\/(api|v1)\//.test(path) ? "Accounts" : "Service";
}

function securityFor(access: Access): Record<string, string[]>[] {
  if (access === "anyone") return [];
  if (access === "operator") return [{ operator: [] }];
  return access === "key" ? [{ key: [] }] : [{ key: [] }, {}];
}

function pathParameters(path: string): Parameter[] {
  return [...path.matchAll(/:(\w+)|(\*)$/g)].map(([, name = "path"]) => {
    const { description, example } = PARAMETERS[name] ?? { description: "", example: name };
    return { name, in: "path", required: true, description, schema: { type: "string" }, example };
  });
}

function queryParameters({ query, examples = {} }: Described): Parameter[] {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(query);
  const shown = Object.assign({}, ...Object.values(examples).map((example) => example.query));
  return Object.entries(properties).map(([name, { description = "", ...schema }]) => ({
    name,
    in: "query",
    ...(required.includes(name) && { required: true }),
    description,
    schema,
    ...(shown[name] !== undefined && { example: shown[name] }),
  }));
}

function headerParameters({ headers = {} }: Described): Parameter[] {
  return Object.entries(headers).map(([name, description]) => ({
    name,
    in: "header",
    description,
    schema: { type: "string" },
  }));
}

function requestOf(about: Described): Pick<Operation, "requestBody"> {
  const { upload, body, examples = {} } = about;
  const shown = examplesOf(examples, "body");
  if (upload !== undefined) {
    const { type, description } = upload;
    const content = { [type]: { schema: { type: "string", format: "binary" }, ...shown } };
    return { requestBody: { required: true, description, content } };
  }
  if (!takesJson(about)) return {};
  const isRequired = !body.safeParse({}).success;
  const content = { "application/json": { schema: referTo(body), ...shown } };
  return { requestBody: { required: isRequired, content } };
}

function goodReplies(about: Described): Operation["responses"] {
  const { examples = {}, access = "key" } = about;
  const shown = examplesOf(examples, "reply");
  const headers = toHeaders(COMMON_HEADERS, access.startsWith("key") ? RATE_HEADERS : {});
  const replies = Object.entries(repliesOf(about));
  return Object.fromEntries(
    replies.map(([status, { description = "Done.", json, other = {} }]: [string, ReplyForm]) => {
      const content: Record<string, Content> = {
        ...(json && { "application/json": { schema: referTo(json), ...shown } }),
        ...Object.fromEntries(Object.entries(other).map(contentOf)),
      };
      const isEmpty = Object.keys(content).length === 0;
      return [status, { description, headers, ...(isEmpty ? {} : { content }) }];
    }),
  );
}

function contentOf([type, { description, example }]: [
  string,
  { description: string; example?: string },
]): [string, Content] {
  const isText = type.startsWith("text/");
  const schema = { type: "string", ...(isText ? {} : { format: "binary" }), description };
  return [type, { schema, ...(example !== undefined && { example }) }];
}

function examplesOf(
  examples: Record<string, Example>,
  part: "body" | "reply",
): Pick<Content, "examples"> {
  const shown = Object.entries(examples).flatMap(([name, example]) => {
    const value = example[part];
    return value === undefined ? [] : [[name, { summary: example.summary, value }] as const];
  });
  return shown.length === 0 ? {} : { examples: Object.fromEntries(shown) };
}

/** All responses; where a route has words of its own for a failure, it may come in either. */
function both(own: Operation["responses"], ours: Operation["responses"]) {
  const shared = Object.entries(own).flatMap(([status, { description, content }]) => {
    const other = ours[status];
    if (other === undefined) return [];
    const forms = [content, other.content].flatMap((forms): JsonSchema[] => {
      const schema = forms?.["application/json"]?.schema;
      return schema === undefined ? [] : [schema];
    });
    const either = { "application/json": { schema: { anyOf: forms } } };
    const words = `${description}\n${other.description}`;
    return [[status, { ...other, description: words, content: either }] as const];
  });
  return { ...own, ...ours, ...Object.fromEntries(shared) };
}

/** One response for each status, with the codes that it may come with. */
function failures(about: Described): Operation["responses"] {
  const byStatus = Map.groupBy(errorsOf(about), (code) => ERRORS[code].status);
  const sorted = [...byStatus].sort(([one], [other]) => one - other);
  const { failure = ErrorReply } = about;
  return Object.fromEntries(
    sorted.map(([status, codes]) => [String(status), failureOf(codes, failure)]),
  );
}

function failureOf(codes: readonly ErrorCode[], schema: z.ZodType): ResponseObject {
  const lines = codes.map((code) => `\`${code}\`: ${ERRORS[code].message}`);
  const waits = codes.some((code) => ERRORS[code].retryable);
  return {
    description: lines.join("\n"),
    headers: toHeaders(COMMON_HEADERS, waits ? CAUTIONS : {}),
    content: { "application/json": { schema: referTo(schema) } },
  };
}

function toHeaders(...groups: readonly object[]): NonNullable<ResponseObject["headers"]> {
  const names = groups.flatMap((group) => Object.keys(group));
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}
