// What a Durable Object answers when asked to let an execution through. Refusals are values, not
// exceptions: an exception loses its class on the way out of an object. This file turns a refusal
// back into the failure the caller sees, and a rate into reply headers, in one place for all who ask.

import { type ErrorCode, Failure } from "../shared/errors.ts";
import type { LanguageId } from "../shared/languages.ts";
import { VISITOR_WINDOW_MS } from "../shared/limits.ts";
import { creditsOf } from "../shared/money.ts";
import { OWING } from "./account/money-in.ts";
import type { Remembered } from "./account/runs.ts";
import type { HeaderMap } from "./call.ts";
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

/** What is to be run, as far as an account has to know it. */
export type Intent = {
  /** The runner it goes to. */
  runner: string;
  /** How long it may run; less where less is held. */
  runTimeoutMs: number;
  /** Absent where it is the session's. */
  language?: LanguageId;
  /** The session to run it in: one that is there, or one that it opens under a new id. */
  session?: { id: string; opens: boolean };
};

/** No, and why. `rate` is there when the refusal came late enough to know it. */
export type Refusal = {
  ok: false;
  code: ErrorCode;
  message?: string;
  /** As a caller writes it. */
  field?: string;
  retryAfterMs?: number;
  /** What would have to be paid for a yes. */
  lackMicro?: number;
  rate?: Rate;
};

/** What is left to pay with: credits, demo runs, or nothing of what was paid for the one execution. */
export type Left =
  | { balanceMicro: number }
  | { demoRuns: number }
  | { paidMicro: number; transaction: string };

/** Yes: what the caller may know of its rate, what was put aside, and what is left to pay with. */
export type Admitted = {
  ok: true;
  /** None where nothing is counted but money. */
  rate: Rate | undefined;
  heldMicro: number;
  left: Left;
  /** What it is in; its session's, where it did not say. */
  language: LanguageId;
};

/** What was asked for before, under the same Idempotency-Key; it is not let through again. */
export type Repeated = { ok: true; rate: Rate; repeats: Remembered };

export type Admission = Admitted | Repeated | Refusal;

/** The refusal as the failure that answers the request. */
export function failureOf({ code, message, field, retryAfterMs }: Refusal): Failure {
  return new Failure(code, { message, field, retryAfterMs });
}

/** Sets the RateLimit headers, in the IETF draft's form and in the older one many clients read. */
export function setRateHeaders(
  headers: HeaderMap,
  rate: Rate | undefined,
  of: "executions" | "calls" | "keys" = "executions",
): void {
  if (rate === undefined) return;
  const resetSeconds = Math.ceil(rate.resetMs / 1000);
  // Where a day's limit is what refuses, it has a name of its own: both may count the same calls.
  const policy = rate.windowMs === VISITOR_WINDOW_MS ? `${of}-a-day` : of;
  headers.set("RateLimit-Policy", `"${policy}";q=${rate.limit};w=${rate.windowMs / 1000}`);
  headers.set("RateLimit", `"${policy}";r=${rate.remaining};t=${resetSeconds}`);
  headers.set("RateLimit-Limit", String(rate.limit));
  headers.set("RateLimit-Remaining", String(rate.remaining));
  headers.set("RateLimit-Reset", String(resetSeconds));
}

/** The refusal of a hold that the balance does not cover, in figures where there is a balance. */
export function tooLittle(hold: Hold, balanceMicro: number): Refusal {
  const there = creditsOf(balanceMicro);
  const lackMicro = hold.leastMicro - balanceMicro;
  if (balanceMicro < 0) return { ok: false, code: "no_credits", message: OWING, lackMicro };
  if (there === 0) return { ok: false, code: "no_credits", lackMicro };
  const needed = creditsOf(hold.leastMicro);
  const message = `A run of this length may cost ${needed} credits, and ${there} are left.`;
  return { ok: false, code: "no_credits", message, lackMicro };
}
