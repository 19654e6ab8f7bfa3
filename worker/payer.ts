// Who an execution is for and what it is paid with: an account by its key, or a visitor's demo runs
// when there is no key at all. A key that is there and wrong is always refused; it never falls back
// to a demo, which would hide the mistake until the demo is used up.

import { type ErrorCode, Failure, type SessionEnding } from "../shared/errors.ts";
import { CREDIT_MICRO, coveredMs } from "../shared/money.ts";
import type { Claim } from "./account/claims.ts";
import type { Report } from "./account/runs.ts";
import type { Late } from "./account/told.ts";
import {
  type Admission,
  type Admitted,
  failureOf,
  type Hold,
  type Intent,
  type Refusal,
  type Repeated,
  setRateHeaders,
} from "./admission.ts";
import { bearerOf } from "./bearer.ts";
import type { Call } from "./call.ts";
import { visitorIdOf } from "./client-address.ts";
import { type Env, settingsOf } from "./env.ts";
import { claimOf, insistOnFirst } from "./idempotency.ts";
import { type KnownKey, readKey } from "./key.ts";
import { withAccount, withVisitor } from "./objects.ts";

/** A demo run may cost as much as what it gives a taste of: one execution of a credit. */
const DEMO_RUN_MICRO = CREDIT_MICRO;

/** One execution's price: reserved first, then charged or returned. */
export type Payer = {
  /** Whose sandbox this is; also what the log calls the caller. */
  id: string;
  /** Whether strangers may hide behind the same id, so that none may follow another in a sandbox. */
  isShared: boolean;
  reserve: (hold: Hold, intent: Intent, claim?: Claim) => Promise<Admission>;
  settle: (executionId: string, chargeMicro: number, report: Report) => Promise<unknown>;
  /** `ending` is that of the session, where that was in the way. */
  void: (executionId: string, ending?: SessionEnding, failure?: ErrorCode) => Promise<unknown>;
};

/** The payer of a call, by its credentials alone: nothing is asked of any object yet. */
export async function payerOf(call: Call): Promise<Payer> {
  if (bearerOf(call.request) === undefined) return await demoPayer(call);
  const key = await keyOf(call);
  return accountPayer(call.env, key.accountId, key.hash);
}

/** The key of a call that cannot do without one. */
export async function keyOf(call: Call): Promise<KnownKey> {
  const bearer = bearerOf(call.request);
  if (bearer === undefined) throw new Failure("unauthorized");
  const key = await readKey(bearer);
  if (key === undefined) throw new Failure("invalid_key");
  call.line.account = key.accountId;
  return key;
}

/** Charges for an execution that was heard of late; says what it has cost in all. */
export async function settleLate(
  call: Call,
  { accountId }: KnownKey,
  executionId: string,
  chargeMicro: number,
  report: Report,
): Promise<Late> {
  const late = await withAccount(call.env, accountId, (account) =>
    account.settleLate(executionId, chargeMicro, report),
  );
  if (late === undefined) throw new Error("an account is gone that was there just now");
  return late;
}

/**
 * Asks the payer to let an execution through. The reply's rate headers are set either way. Where the
 * same was asked for before, that is waited for, if it is `isAwaited`.
 */
export async function admit(
  call: Call,
  payer: Payer,
  hold: Hold,
  { intent, isAwaited }: { intent: Intent; isAwaited: boolean },
): Promise<Admitted | Repeated> {
  call.line.account = payer.id;
  const claim = await claimOf(call);
  if (claim !== undefined && payer.isShared)
    throw new Failure("unauthorized", { message: NO_DEMO });
  const reserve = () => payer.reserve(hold, intent, claim);
  const admission = await (isAwaited ? insistOnFirst(reserve, isPending) : reserve());
  setRateHeaders(call.headers, admission.rate);
  if (!admission.ok) throw failureOf(admission);
  return admission;
}

const NO_DEMO =
  "An Idempotency-Key needs an API key beside it; get a free one with POST /api/keys.";

function isPending(admission: Admission): boolean {
  return "repeats" in admission && admission.repeats.execution.state === "running";
}

function accountPayer(env: Env, accountId: string, keyHash: string): Payer {
  return {
    id: accountId,
    isShared: false,
    reserve: async (hold, intent, claim) => {
      const request = { keyHash, hold, intent, ...(claim && { claim }) };
      const admission = await withAccount(env, accountId, async (account) => {
        return await account.admit(request);
      });
      return admission ?? { ok: false, code: "invalid_key" };
    },
    settle: (holdId, chargeMicro, report) =>
      withAccount(env, accountId, (account) => account.settle(holdId, chargeMicro, report)),
    void: (holdId, ending, failure) =>
      withAccount(env, accountId, (account) => account.void(holdId, ending, failure)),
  };
}

async function demoPayer(call: Call): Promise<Payer> {
  const { env, request } = call;
  const { DEMO_RUNS_PER_DAY } = settingsOf(env);
  if (DEMO_RUNS_PER_DAY === 0) throw new Failure("unauthorized");
  const id = await visitorIdOf(request, env);
  return {
    id,
    isShared: true,
    reserve: async (hold, { language, session }) => {
      if (session !== undefined || language === undefined)
        return { ok: false, code: "unauthorized" };
      if (hold.leastMicro > DEMO_RUN_MICRO) return tooLongForDemo();
      const admission = await withVisitor(
        env,
        id,
        async (visitor) => await visitor.admitDemo(hold.id, DEMO_RUNS_PER_DAY),
      );
      if (!admission.ok) return admission;
      return { ...admission, heldMicro: DEMO_RUN_MICRO, language };
    },
    settle: async () => undefined,
    void: (runId) => withVisitor(env, id, (visitor) => visitor.giveBack(runId)),
  };
}

function tooLongForDemo(): Refusal {
  const longestMs = coveredMs(DEMO_RUN_MICRO);
  const message = `A run without a key lasts at most ${longestMs} ms; get a free key with POST /api/keys.`;
  return { ok: false, code: "unauthorized", message };
}
