// Holds every reply of the gateway against what the gateway says of itself: a status that is not
// described, a field that is not, a failure that is not said to be possible.

import { expect } from "vitest";
import type * as z from "zod";
import type { ErrorCode } from "../../../shared/errors.ts";
import { type Described, errorsOf, repliesOf } from "../../../worker/openapi/about.ts";
import { ErrorReply } from "../../../worker/openapi/error-reply.ts";
import { routeTable } from "../../../worker/openapi/table.ts";

/** What goes wrong before a route is found, or wherever an object has too much to do. */
const ALWAYS_POSSIBLE: readonly ErrorCode[] = ["not_found", "busy"];

/** Fails when `response` is not among the replies that the route of `request` is described with. */
export async function expectDescribed(request: Request, response: Response): Promise<void> {
  const route = routeOf(request);
  const name = `${request.method} ${route?.path ?? new URL(request.url).pathname}`;
  const isJson = response.headers.get("Content-Type")?.startsWith("application/json") === true;
  if (response.status >= 400) {
    if (request.method === "HEAD") return;
    expect(isJson, `${name}: a failure that is not JSON`).toBe(true);
    const failure = await response.clone().json();
    const own = route?.about && repliesOf(route.about)[response.status]?.json;
    if (own?.safeParse(failure).success) return;
    const shape = (route?.about?.failure ?? ErrorReply) as typeof ErrorReply;
    const { error } = expectShape(name, shape, failure);
    if (route?.about !== undefined) expectPossible(name, route.about, error.code);
    return;
  }
  if (request.method === "OPTIONS" || route?.about === undefined) return;
  const form = repliesOf(route.about)[response.status];
  expect(form, `${name}: add the status ${response.status} to its \`reply\``).toBeDefined();
  if (form === undefined || request.method === "HEAD") return;
  if (isJson && form.json !== undefined) {
    expectShape(name, form.json, await response.clone().json());
    return;
  }
  const type = response.headers.get("Content-Type")?.split(";")[0] ?? "none";
  const types = Object.keys(form.other ?? {});
  const expected = types.length === 0 && form.json === undefined ? ["none"] : types;
  expect(expected, `${name}: add the media type ${type} to its \`reply\``).toContain(type);
}

function routeOf({ method, url }: Request) {
  const { pathname } = new URL(url);
  const asked = method === "HEAD" ? "GET" : method;
  return routeTable().find((row) => row.method === asked && row.pattern.test(pathname));
}

function expectPossible(name: string, about: Described, code: ErrorCode): void {
  const possible: ErrorCode[] = [...errorsOf(about), ...ALWAYS_POSSIBLE];
  expect(possible, `${name}: add \`${code}\` to its \`errors\``).toContain(code);
}

function expectShape<Schema extends z.ZodType>(
  name: string,
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  const text = parsed.success ? "" : parsed.error.message;
  expect(text, `${name}: its reply is not as its \`reply\` says`).toBe("");
  return parsed.data as z.output<Schema>;
}
