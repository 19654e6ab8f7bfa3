// What every reply has in common: the request id, the headers that let a browser's page read it and
// keep a browser from doing anything else with it, and the one shape of a failure.

import { asFailure, type Failure } from "../shared/errors.ts";
import { type Call, logCall } from "./call.ts";

const COMMON_HEADERS = {
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  // Any page may call: what a key opens depends on the key alone, and there are no cookies.
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Expose-Headers":
    "X-Request-Id, Content-Digest, Idempotency-Replayed, Retry-After, RateLimit, RateLimit-Policy, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset",
};

const PREFLIGHT_HEADERS = {
  "Access-Control-Allow-Headers":
    "Authorization, Content-Type, Content-Digest, Idempotency-Key, X-Request-Id",
  "Access-Control-Max-Age": "86400",
};

/** The answer to OPTIONS, for a browser's preflight as for anybody who asks. */
export function preflight(methods: readonly string[]): Response {
  const allow = methods.join(", ");
  return new Response(null, {
    status: 204,
    headers: { ...PREFLIGHT_HEADERS, Allow: allow, "Access-Control-Allow-Methods": allow },
  });
}

/** Any thrown value as a failure that the log knows of. */
export function noteFailure(thrown: unknown, call: Call): Failure {
  const failure = asFailure(thrown);
  call.line.code = failure.code;
  if (failure.detail !== undefined) call.line.detail = failure.detail;
  return failure;
}

/** Any thrown value as a reply. A bug's text goes to the log and nowhere else. */
export function refuse(thrown: unknown, call: Call): Response {
  const failure = noteFailure(thrown, call);
  if (failure.retryAfterMs !== undefined) {
    call.headers.set("Retry-After", String(Math.ceil(failure.retryAfterMs / 1000)));
  }
  if (failure.status === 401) call.headers.set("WWW-Authenticate", "Bearer");
  return Response.json(failure.body(call.requestId), { status: failure.status });
}

/**
 * Completes a reply with what all have, and writes the log line, when a reply that is still being made
 * is done. HEAD gets everything but a body.
 */
export function finish(response: Response, route: string, call: Call): Response {
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(COMMON_HEADERS)) headers.set(name, value);
  for (const [name, value] of call.headers) headers.set(name, value);
  headers.set("X-Request-Id", call.requestId);
  const { status } = response;
  if (call.finished === undefined) logCall(call, route, status);
  else call.ctx.waitUntil(call.finished.finally(() => logCall(call, route, status)));
  if (call.request.method !== "HEAD") return new Response(response.body, { status, headers });
  call.ctx.waitUntil(response.body?.cancel() ?? Promise.resolve());
  return new Response(null, { status, headers });
}
