// What a Durable Object answers when asked to let an execution through. Refusals are values, not
// exceptions: an exception loses its class on the way out of an object. This file turns a refusal
// back into the failure the caller sees, and a rate into reply headers, in one place for all who ask.

import { type ErrorCode, Failure } from "../shared/errors.ts";
import type { Rate } from "./rate.ts";

/** What is to be put aside for one execution, under an id of the asker's making. */
export type Hold = {
  id: string;
  amountMicro: number;
  /** Where there is not so much, this much at least will do. */
  leastMicro: number;
  /** For how long, if nobody resolves it. */
  lastsMs: number;
};

/** No, and why. `rate` is there when the refusal came late enough to know it. */
export type Refusal = {
  ok: false;
  code: Extract<ErrorCode, "unauthorized" | "invalid_key" | "no_credits" | "rate_limited">;
  message?: string;
  retryAfterMs?: number;
  rate?: Rate;
};

/** Yes: what the caller may know of its rate, what was put aside, and what is left to pay with. */
export type Admitted = {
  ok: true;
  rate: Rate;
  heldMicro: number;
  left: { balanceMicro: number } | { demoRuns: number };
};

export type Admission = Admitted | Refusal;

/** The refusal as the failure that answers the request. */
export function failureOf({ code, message, retryAfterMs }: Refusal): Failure {
  return new Failure(code, { message, retryAfterMs });
}

/** Sets the RateLimit headers, in the IETF draft's form and in the older one many clients read. */
export function setRateHeaders(headers: Headers, rate: Rate | undefined): void {
  if (rate === undefined) return;
  const resetSeconds = Math.ceil(rate.resetMs / 1000);
  headers.set("RateLimit-Policy", `"executions";q=${rate.limit};w=${rate.windowMs / 1000}`);
  headers.set("RateLimit", `"executions";r=${rate.remaining};t=${resetSeconds}`);
  headers.set("RateLimit-Limit", String(rate.limit));
  headers.set("RateLimit-Remaining", String(rate.remaining));
  headers.set("RateLimit-Reset", String(resetSeconds));
}
