// Who an execution is for and what it is paid with: an account by its key, or a visitor's demo runs
// when there is no key at all. A key that is there and wrong is always refused; it never falls back
// to a demo, which would hide the mistake until the demo is used up.

import { Failure } from "../shared/errors.ts";
import { CREDIT_MICRO, coveredMs } from "../shared/money.ts";
import {
  type Admission,
  type Admitted,
  failureOf,
  type Hold,
  type Refusal,
  setRateHeaders,
} from "./admission.ts";
import { bearerOf } from "./bearer.ts";
import type { Call } from "./call.ts";
import { visitorIdOf } from "./client-address.ts";
import { type Env, settingsOf } from "./env.ts";
import { readKey } from "./key.ts";
import { withAccount, withVisitor } from "./objects.ts";

/** A demo run may cost as much as what it gives a taste of: one execution of a credit. */
const DEMO_RUN_MICRO = CREDIT_MICRO;

/** One execution's price: reserved first, then charged or returned. */
export type Payer = {
  /** Whose sandbox this is; also what the log calls the caller. */
  id: string;
  /** Whether strangers may hide behind the same id, so that none may follow another in a sandbox. */
  isShared: boolean;
  reserve: (hold: Hold) => Promise<Admission>;
  settle: (executionId: string, chargeMicro: number) => Promise<unknown>;
  void: (executionId: string) => Promise<unknown>;
};

/** The payer of a call, by its credentials alone: nothing is asked of any object yet. */
export async function payerOf(call: Call): Promise<Payer> {
  const bearer = bearerOf(call.request);
  if (bearer === undefined) return await demoPayer(call);
  const key = await readKey(bearer);
  if (key === undefined) throw new Failure("invalid_key");
  return accountPayer(call.env, key.accountId, key.hash);
}

/** Asks the payer to let an execution through. The reply's rate headers are set either way. */
export async function admit(call: Call, payer: Payer, hold: Hold): Promise<Admitted> {
  call.line.account = payer.id;
  const admission = await payer.reserve(hold);
  setRateHeaders(call.headers, admission.rate);
  if (!admission.ok) throw failureOf(admission);
  return admission;
}

function accountPayer(env: Env, accountId: string, keyHash: string): Payer {
  return {
    id: accountId,
    isShared: false,
    reserve: async (hold) => {
      const request = { keyHash, hold };
      const admission = await withAccount(env, accountId, async (account) => {
        return await account.admit(request);
      });
      return admission ?? { ok: false, code: "invalid_key" };
    },
    settle: (holdId, chargeMicro) =>
      withAccount(env, accountId, (account) => account.settle(holdId, chargeMicro)),
    void: (holdId) => withAccount(env, accountId, (account) => account.void(holdId)),
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
    reserve: async (hold) => {
      if (hold.leastMicro > DEMO_RUN_MICRO) return tooLongForDemo();
      const admission = await withVisitor(
        env,
        id,
        async (visitor) => await visitor.admitDemo(hold.id, DEMO_RUNS_PER_DAY),
      );
      return admission.ok ? { ...admission, heldMicro: DEMO_RUN_MICRO } : admission;
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
