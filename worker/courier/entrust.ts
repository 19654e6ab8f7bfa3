// What the courier of an account is told, by a Worker or by the account: which execution to look after,
// and that it need not any more.

import { DETACHED_REPORT_MS, HOLD_GRACE_MS } from "../../shared/limits.ts";
import type { GivenUp } from "../account/executions.ts";
import { type Call, logTrouble } from "../call.ts";
import type { Env } from "../env.ts";
import type { Begun } from "../execute.ts";
import { withCourier } from "../objects.ts";
import type { Face } from "./errands.ts";

/**
 * Has somebody see an execution to its end, and tell its webhook then. Where nobody can be had nothing
 * is run, and nothing is kept for it.
 */
export async function entrust(call: Call, begun: Begun, face: Face): Promise<void> {
  const { executionId, payer, order, runTimeoutMs, msMax } = begun;
  const untilMs = Date.now() + msMax + HOLD_GRACE_MS + DETACHED_REPORT_MS;
  const { webhook } = order;
  const errand = { executionId, accountId: payer.id, face, webhook, runTimeoutMs, untilMs };
  begun.isEntrusted = true;
  try {
    await withCourier(call.env, payer.id, (courier) => courier.follow(errand));
  } catch (thrown) {
    await payer.void(executionId, undefined, "internal");
    throw thrown;
  }
}

/**
 * Has somebody ask what became of executions whose Worker never told: they may have run all the same.
 * The runner keeps what its caller was not there to hear.
 */
export async function inquire(
  env: Env,
  accountId: string,
  givenUp: readonly Pick<GivenUp, "id" | "runTimeoutMs">[],
): Promise<void> {
  const untilMs = Date.now() + DETACHED_REPORT_MS;
  for (const { id: executionId, runTimeoutMs } of givenUp) {
    const face = "api";
    const errand = {
      executionId,
      accountId,
      face,
      webhook: undefined,
      runTimeoutMs,
      untilMs,
    } as const;
    try {
      await withCourier(env, accountId, (courier) => courier.follow(errand));
    } catch (thrown) {
      console.error(JSON.stringify({ executionId, detail: `nobody asks after it: ${thrown}` }));
    }
  }
}

/**
 * Says that an execution has come to its end on the account's record. Of one that its caller was never
 * told of, nobody else is told either.
 */
export async function relieve(
  call: Call,
  accountId: string,
  { executionId, isAnswered }: { executionId: string; isAnswered: boolean },
): Promise<void> {
  try {
    await withCourier(call.env, accountId, (courier) => courier.relieve(executionId, isAnswered));
  } catch (thrown) {
    logTrouble(call, `the courier will find out by itself about ${executionId}: ${thrown}`);
  }
}
