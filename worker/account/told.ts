// What an account is told and what it answers: the shapes of its calls, for the object and for whoever
// calls it. Nothing here does anything.

import type { RATE_PER_MINUTE } from "../../shared/limits.ts";
import type { Hold, Intent, Refusal } from "../admission.ts";
import type { Rate } from "../rate.ts";
import type { Claim } from "./claims.ts";
import type { Funds } from "./statement.ts";

export const PLANS = ["free", "pro"] as const satisfies (keyof typeof RATE_PER_MINUTE)[];
export type Plan = (typeof PLANS)[number];

/** What an account is opened with. */
export type Opening = {
  keyHash: string;
  keyId?: string;
  keyName?: string;
  grantMicro: number;
};

/** What an operator may change; what is absent stays. A `ratePerMinute` of null is the plan's own. */
export type Change = {
  grant?: { id: string; amountMicro: number };
  ratePerMinute?: number | null;
  plan?: Plan;
  /** The Idempotency-Key it was asked for under, by an operator. */
  claim?: Claim;
};

/**
 * An account after a change, which was made now; or had been made before under its key; or was not, because
 * its key is another change's.
 */
export type Changed = AccountState & { made: "now" | "before" | "never" };

/** An account as its owner and its operator may see it. */
export type AccountState = { plan: Plan; ratePerMinute: number; balanceMicro: number };

/** An account that was opened, with the id of its first key. */
export type Opened = AccountState & { keyId: string };

/** What an account has and may do, as its owner is told of it. */
export type Statement = AccountState & Funds;

/** One execution asking to be let through, with a hold whose id, and its own, is of the caller's making. */
export type AdmissionRequest = {
  keyHash: string;
  hold: Hold;
  intent: Intent;
  /** The Idempotency-Key it was asked for under. */
  claim?: Claim;
};

/** What a call other than an execution is let through to. */
export type Visit<Thing> = { ok: true; rate: Rate; found: Thing } | Refusal;

/** What an execution that was heard of late has cost in all, and what is left. */
export type Late = { chargedMicro: number; balanceMicro: number };
