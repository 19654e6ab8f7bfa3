// Schemas of ours in the words of JSON Schema, as OpenAPI 3.1 takes them. Requests are described as
// they are sent. Replies are described without the promise that nothing will ever be added to them,
// although our own tests hold them to it.

import * as z from "zod";
import { NAMED } from "./named.ts";

export type JsonSchema = {
  [keyword: string]: unknown;
  type?: string;
  description?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  enum?: unknown[];
  $ref?: string;
};

const uri = (id: string) => `#/components/schemas/${id}`;

const OPTIONS = {
  uri,
  io: "input",
  unrepresentable: "any",
  override: overrideWith(itemsOf),
} as const satisfies z.core.ToJSONSchemaParams & { uri: typeof uri };

/** Mends what the library makes of our schemas; `describe` tells of what a list holds. */
function overrideWith(describe: (item: z.ZodType) => JsonSchema) {
  return ({ zodSchema, jsonSchema }: Parameters<Override>[0]): void => {
    const { def } = zodSchema._zod;
    // A list that is counted before it is looked at begins as anything at all.
    if (
      def.type === "pipe" &&
      def.in._zod.def.type === "unknown" &&
      def.out instanceof z.ZodArray
    ) {
      const items = describe(def.out.element as z.ZodType);
      Object.assign(jsonSchema, { type: "array", items });
    }
    if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
  };
}
type Override = NonNullable<z.core.ToJSONSchemaParams["override"]>;

/** A reference to a schema where it has a name, else all of it, with references to those in it. */
export function referTo(schema: z.ZodType): JsonSchema {
  const id = NAMED.get(schema)?.id;
  return id === undefined ? schemaOf(schema) : { $ref: uri(id) };
}

/** A schema written out, with references to the named ones in it. */
export function schemaOf(schema: z.ZodType): JsonSchema {
  return written.get(schema) ?? plain(writeOut([schema])[0]);
}

/**
 * A schema written out with nothing left to look up elsewhere, as it is taken or as it is given, and
 * in no more words than a reader needs: that null is as good as absent is not said.
 */
export function wholeSchemaOf(schema: z.ZodType, io: "input" | "output"): JsonSchema {
  const mend = overrideWith((item) => wholeSchemaOf(item, io));
  const override: Override = (context) => {
    const { jsonSchema } = context;
    mend(context);
    if (jsonSchema.format === "date-time") delete jsonSchema.pattern;
    if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    if (io === "input") withoutNull(jsonSchema as JsonSchema);
  };
  return plain(z.toJSONSchema(schema, { io, unrepresentable: "any", override }));
}

function withoutNull(written: JsonSchema): void {
  if (Array.isArray(written.type)) written.type = written.type.find((type) => type !== "null");
  const [only, nothing] = written.anyOf ?? [];
  if (only === undefined || nothing?.type !== "null") return;
  delete written.anyOf;
  Object.assign(written, { ...only, ...written });
}

/** Writes many schemas out at once, to be had from `schemaOf`: one by one takes much longer. */
export function prepare(schemas: readonly z.ZodType[]): void {
  const texts = writeOut(schemas);
  for (const [index, schema] of schemas.entries()) written.set(schema, plain(texts[index]));
}

const written = new WeakMap<z.ZodType, JsonSchema>();

function writeOut(unnamed: readonly z.ZodType[]) {
  const holder = z.registry<{ id: string }>();
  for (const [id, known] of NAMED._idmap) holder.add(known, { id });
  for (const [index, schema] of unnamed.entries()) holder.add(schema, { id: `unnamed-${index}` });
  const { schemas } = z.toJSONSchema(holder, OPTIONS);
  return unnamed.map((_schema, index) => schemas[`unnamed-${index}`]);
}

function itemsOf(item: z.ZodType): JsonSchema {
  const id = NAMED.get(item)?.id;
  if (id !== undefined) return { $ref: uri(id) };
  return plain(z.toJSONSchema(item, { io: OPTIONS.io, unrepresentable: OPTIONS.unrepresentable }));
}

/** Every named schema. */
export function componentsOf(): Record<string, JsonSchema> {
  const { schemas } = z.toJSONSchema(NAMED, OPTIONS);
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, plain(schema)]));
}

function plain(schema: object | undefined): JsonSchema {
  const { $schema: _dialect, $id: _id, ...rest } = schema as JsonSchema;
  return rest;
}
