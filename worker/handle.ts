// The one door from the route table to the routes. It reads the body, has it parsed, calls the
// route's own function with a value it can trust and makes the reply; so a route contains only what
// it means. Failures are thrown and answered in one place, by the router's catch.

import type { IRequest } from "itty-router";
import * as z from "zod";
import { parse } from "../shared/parse.ts";
import { readJson } from "./body.ts";
import type { Call } from "./call.ts";

/** What the router knows of a request when it picks a route. */
export type RouteMatch = Pick<IRequest, "method" | "url" | "params" | "route">;

export type Handler = (match: RouteMatch, call: Call) => Promise<Response>;

/** What a route answers: an object; nothing; or something of its own making. */
export type Reply = { status?: number; body: object } | "nothing" | Response;

/** For routes that take no body; whatever is sent is not read. */
export const NoBody = z.undefined();

export function handle<Body extends z.ZodType>(route: {
  body: Body;
  /** Runs before the body is read, to turn strangers away early. */
  guard?: (call: Call) => Promise<void>;
  run: (body: z.output<Body>, call: Call, params: Record<string, string>) => Promise<Reply>;
}): Handler {
  return async ({ params }, call) => {
    await route.guard?.(call);
    const value = route.body instanceof z.ZodUndefined ? undefined : await readJson(call.request);
    const body = parse(route.body, value);
    call.body = body;
    const reply = await route.run(body, call, params);
    if (reply instanceof Response) return reply;
    if (reply === "nothing") return new Response(null, { status: 204 });
    return Response.json(reply.body, { status: reply.status ?? 200 });
  };
}
