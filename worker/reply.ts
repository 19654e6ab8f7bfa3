// What every reply has in common: the request id, the headers that let a browser's page read it and
// keep a browser from doing anything else with it, and the one shape of a failure. A reply that says
// something else of itself, such as that it may be kept, is left to it.

import { asFailure, ERRORS, type Failure } from "../shared/errors.ts";
import { type Call, logCall } from "./call.ts";

/** Named in small letters, as the platform names those of a reply that takes their place. */
const DEFAULT_HEADERS = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "cross-origin",
  // Any page may call: what a key opens depends on the key alone, and there are no cookies.
  "access-control-allow-origin": "*",
  "access-control-expose-headers":
    "X-Request-Id, Mcp-Session-Id, Content-Digest, ETag, Allow, Idempotency-Replayed, Retry-After, RateLimit, RateLimit-Policy, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, PAYMENT-REQUIRED, PAYMENT-RESPONSE, X-PAYMENT-RESPONSE",
};

/** Only over HTTPS: over HTTP it means nothing, and there is nothing to come back to on a local port. */
const STRICT_TRANSPORT = { "strict-transport-security": "max-age=31536000" };

const PREFLIGHT_HEADERS = {
  // The last is what clients of x402 send by mistake.
  "Access-Control-Allow-Headers":
    "Authorization, Content-Type, Content-Digest, Idempotency-Key, If-None-Match, X-Request-Id, Mcp-Session-Id, Mcp-Protocol-Version, Mcp-Method, Mcp-Name, Last-Event-ID, PAYMENT-SIGNATURE, X-PAYMENT, Access-Control-Expose-Headers",
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
  const body = failure.body(call.requestId);
  const isAboutMoney = failure.status === ERRORS.payment_required.status;
  return Response.json(isAboutMoney ? { ...body, ...call.offer } : body, {
    status: failure.status,
  });
}

/**
 * Completes a reply with what all have, and writes the log line, when a reply that is still being made
 * is done. HEAD gets everything but a body.
 */
export function finish(response: Response, route: string, call: Call): Response {
  const { status } = response;
  // One object and not a call for each: crossing into the platform a dozen times is what it costs.
  const headers = {
    ...DEFAULT_HEADERS,
    ...(call.request.url.startsWith("https:") && STRICT_TRANSPORT),
    ...Object.fromEntries(response.headers),
    ...Object.fromEntries(call.headers),
    "x-request-id": call.requestId,
  };
  if (call.finished === undefined) logCall(call, route, status);
  else call.ctx.waitUntil(call.finished.finally(() => logCall(call, route, status)));
  if (call.request.method !== "HEAD") return new Response(response.body, { status, headers });
  call.ctx.waitUntil(response.body?.cancel() ?? Promise.resolve());
  return new Response(null, { status, headers });
}
