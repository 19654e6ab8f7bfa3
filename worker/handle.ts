// The one door from the route table to the routes. It reads the body and the query, has them parsed,
// calls the route's own function with values it can trust and makes the reply; so a route contains
// only what it means, and what it says of itself. Failures are thrown and answered in one place, by
// the router's catch.

import type { IRequest } from "itty-router";
import * as z from "zod";
import { parse } from "../shared/parse.ts";
import { readJson } from "./body.ts";
import type { Call } from "./call.ts";
import type { About, Described } from "./openapi/about.ts";

/** What the router knows of a request when it picks a route. */
export type RouteMatch = Pick<IRequest, "method" | "url" | "params" | "route">;

/** A route, and what it says of itself. */
export type Handler = ((match: RouteMatch, call: Call) => Promise<Response>) & { about: Described };

/** What a route answers: an object; nothing; or something of its own making. */
export type Reply<Body extends object = object> =
  | { status?: number; body: Body }
  | "nothing"
  | Response;

/** For routes that take no body; whatever is sent is not read. */
export const NoBody = z.undefined();

/** For routes whose query says nothing; whatever it says is not read. */
const NoQuery = z.object({});

/** What a route's reply must be, as far as its schema says. */
type ObjectOf<Schema extends z.ZodType> =
  unknown extends z.output<Schema> ? object : Extract<z.output<Schema>, object>;

export function handle<
  Body extends z.ZodType,
  Query extends z.ZodType = typeof NoQuery,
  Answer extends z.ZodType = z.ZodType<object>,
>(
  route: About<Answer> & {
    body: Body;
    query?: Query;
    /** Runs before the body is read, to turn strangers away early. */
    guard?: (call: Call) => Promise<void>;
    run: (
      body: z.output<Body>,
      call: Call,
      params: Record<string, string>,
      query: z.output<Query>,
    ) => Promise<Reply<ObjectOf<Answer>>>;
  },
): Handler {
  const { guard, run, ...about } = route;
  const schema = (about.query ?? NoQuery) as unknown as Query;
  const handler = async ({ params, url }: RouteMatch, call: Call): Promise<Response> => {
    await guard?.(call);
    const value = about.body instanceof z.ZodUndefined ? undefined : await readJson(call.request);
    const body = parse(about.body, value);
    call.body = body;
    const query = about.query === undefined ? {} : Object.fromEntries(new URL(url).searchParams);
    const reply = await run(body, call, params, parse(schema, query));
    if (reply instanceof Response) return reply;
    if (reply === "nothing") return new Response(null, { status: 204 });
    return Response.json(reply.body, { status: reply.status ?? 200 });
  };
  return Object.assign(handler, { about });
}
