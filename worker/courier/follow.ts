// Looks after one detached execution: asks its runner what came of it, and has the account put that on
// record and charge for it. What the runner says it ran is never free, however late it is heard; what
// no runner knows of is given back by the account itself when its hold expires.

import { asFailure } from "../../shared/errors.ts";
import { outcomeOf } from "../../shared/runner-api.ts";
import { begin, type Call } from "../call.ts";
import type { Env } from "../env.ts";
import { chargeMicro, chargeOfMs, cutShort } from "../execute.ts";
import { keptOf } from "../history.ts";
import { withAccount } from "../objects.ts";
import { executionOnRunner } from "../runner-client.ts";
import { endingOf, failureOfRunner, OF_EXECUTING } from "../runner-failure.ts";
import type { Standing } from "./errands.ts";

/** Whether there is nothing more to come of an execution. What there is is on record then. */
export async function follow(env: Env, errand: Standing, nowMs: number): Promise<boolean> {
  const { executionId, accountId, isRelieved, untilMs, runTimeoutMs } = errand;
  let isGivenUp = false;
  try {
    const known = await withAccount(env, accountId, (account) => account.recall(executionId));
    const state = known?.execution.state;
    if (isRelieved || state === undefined || state === "done") return true;
    isGivenUp = state === "failed";
    const now = await executionOnRunner(callOf(env), accountId, executionId);
    if ("report" in now) {
      const { report } = now;
      const { version } = report;
      const kept = await keptOf(report);
      const due = chargeMicro(report, runTimeoutMs);
      await withAccount(env, accountId, (account) =>
        account.settleLate(executionId, due, { outcome: outcomeOf(report), version, kept }),
      );
      return true;
    }
    if ("error" in now) {
      const failure = failureOfRunner(now.error, "for it", OF_EXECUTING);
      const { code, ranMs } = failure;
      if (ranMs !== undefined) {
        const due = chargeOfMs(ranMs, runTimeoutMs);
        await withAccount(env, accountId, (account) =>
          account.settleLate(executionId, due, cutShort(code)),
        );
        return true;
      }
      await withAccount(env, accountId, (account) =>
        account.void(executionId, endingOf(failure), code),
      );
      return true;
    }
    return nowMs >= untilMs;
  } catch (thrown) {
    const { code, message, detail } = asFailure(thrown);
    if (code === "unknown_execution") return isGivenUp || nowMs >= untilMs;
    const trouble = `a detached execution could not be asked after: ${detail ?? message}`;
    console.error(JSON.stringify({ executionId, detail: trouble }));
    return nowMs >= untilMs;
  }
}

/** A call of nobody's, for what is asked on an account's behalf. */
function callOf(env: Env): Call {
  return begin(new Request("https://courier.invalid/"), env, { waitUntil: () => undefined });
}
