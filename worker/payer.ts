// Who an execution is for and what it is paid with: an account by its key, or a visitor's demo runs
// when there is no key at all. A key that is there and wrong is always refused; it never falls back
// to a demo, which would hide the mistake until the demo is used up.

import { ERRORS, type ErrorCode, Failure, type SessionEnding } from "../shared/errors.ts";
import { VISITOR_WINDOW_MS } from "../shared/limits.ts";
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
import { withAccount, withPayment, withVisitor } from "./objects.ts";
import { offer, runPrice, type Shop, shopOf, topUpPrice } from "./payments/x402/shop.ts";

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
  if (call.run !== undefined) return runPayer(call.env, call.run);
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
  if (claim !== undefined && payer.isShared && call.run === undefined) throw unclaimed(call, hold);
  const reserve = () => payer.reserve(hold, intent, claim);
  const admission = await (isAwaited ? insistOnFirst(reserve, isPending) : reserve());
  setRateHeaders(call.headers, admission.rate);
  if (admission.ok) return admission;
  offerFor(call, admission, hold);
  throw failureOf(admission);
}

/** Why a demo run cannot be claimed: strangers behind one address would be told each other's answers. */
function unclaimed(call: Call, hold: Hold): Failure {
  const message =
    "An Idempotency-Key needs an API key beside it; get a free one with POST /api/keys.";
  const refusal: Refusal = { ok: false, code: "unauthorized", message };
  const answered = toBePaid(refusal, shopFor(call) !== undefined);
  offerFor(call, answered, hold);
  return failureOf(answered);
}

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
  const isSelling = shopFor(call) !== undefined;
  if (DEMO_RUNS_PER_DAY === 0 && !isSelling) throw new Failure("unauthorized");
  const id = await visitorIdOf(request, env);
  return {
    id,
    isShared: true,
    reserve: async (hold, { language, session }) => {
      if (session !== undefined || language === undefined)
        return { ok: false, code: "unauthorized" };
      if (DEMO_RUNS_PER_DAY === 0) return { ok: false, code: "payment_required" };
      if (hold.leastMicro > DEMO_RUN_MICRO) return toBePaid(tooLongForDemo(), isSelling);
      const admission = await withVisitor(
        env,
        id,
        async (visitor) => await visitor.admitDemo(hold.id, DEMO_RUNS_PER_DAY, call.alias),
      );
      const isDayOver = admission.rate?.windowMs === VISITOR_WINDOW_MS;
      if (!admission.ok) return toBePaid(admission, isSelling && isDayOver);
      return { ...admission, heldMicro: DEMO_RUN_MICRO, language };
    },
    settle: async () => undefined,
    void: (runId) => withVisitor(env, id, (visitor) => visitor.giveBack(runId)),
  };
}

/** One execution that was paid for by itself, by somebody without a key. */
function runPayer(env: Env, { id, paidMicro, transaction }: NonNullable<Call["run"]>): Payer {
  return {
    id: `payment-${id}`,
    isShared: true,
    reserve: async ({ lastsMs }, { language, session }) => {
      if (session !== undefined || language === undefined)
        return { ok: false, code: "unauthorized" };
      const untilMs = Date.now() + lastsMs;
      const isMine = await withPayment(env, id, async (payment) => await payment.claim(untilMs));
      if (!isMine) return { ok: false, code: "payment_pending", retryAfterMs: lastsMs };
      const left = { paidMicro, transaction };
      return { ok: true, rate: undefined, heldMicro: paidMicro, left, language };
    },
    settle: () => withPayment(env, id, async (payment) => await payment.serve()),
    void: () => withPayment(env, id, async (payment) => await payment.release()),
  };
}

/** What cannot be had for nothing may be paid for, where anything is sold. */
function toBePaid(refusal: Refusal, isSelling: boolean): Refusal {
  if (!isSelling) return refusal;
  const message = `${refusal.message ?? ""} Or pay for this execution as the reply says.`.trim();
  return { ...refusal, code: "payment_required", message };
}

/** Where the execution of a call may be paid for, if anywhere: not every route looks for a payment. */
function shopFor({ env, takesPayments }: Call): Shop | undefined {
  return takesPayments === true ? shopOf(env) : undefined;
}

/** Says in the reply how to pay for what was refused for want of money. */
function offerFor(call: Call, { code, lackMicro }: Refusal, { leastMicro }: Hold): void {
  const shop = shopFor(call);
  if (shop === undefined || ERRORS[code].status !== ERRORS.payment_required.status) return;
  const price = bearerOf(call.request) === undefined ? runPrice(leastMicro) : topUpPrice(lackMicro);
  offer(call, shop, { amountsMicro: price.amountsMicro, what: "running a program" });
}

function tooLongForDemo(): Refusal {
  const longestMs = coveredMs(DEMO_RUN_MICRO);
  const message = `A run without a key lasts at most ${longestMs} ms; get a free key with POST /api/keys.`;
  return { ok: false, code: "unauthorized", message };
}
