// Tells a webhook of an execution that has ended: one POST, signed as Standard Webhooks has it, to
// where the execution's owner said. Nothing of the answer is read but its status, no redirect is
// followed, and who does not answer in time has not answered.

import { Webhook } from "standardwebhooks";
import { WEBHOOK_MS_MAX } from "../../shared/limits.ts";
import type { Env } from "../env.ts";
import { HISTORY_WORDS } from "../faces/executions.ts";
import { pastOf } from "../history.ts";
import { withAccount } from "../objects.ts";
import type { Attempt, Errand } from "./errands.ts";

const TYPE = "execution.finished";

/** Tries once. `undefined` when there is nothing (any more) to tell of. */
export async function deliver(
  env: Env,
  { executionId, accountId, face, webhook }: Errand,
): Promise<Omit<Attempt, "number"> | undefined> {
  if (webhook === undefined) return undefined;
  const atMs = Date.now();
  const durationMs = () => Date.now() - atMs;
  try {
    const parcel = await withAccount(env, accountId, (account) => account.parcel(executionId));
    if (parcel === undefined) return undefined;
    const past = await pastOf(parcel.remembered);
    const { endedAtMs } = past.execution;
    const timestamp = new Date(endedAtMs ?? atMs).toISOString();
    const body = JSON.stringify({ type: TYPE, timestamp, data: HISTORY_WORDS[face].one(past) });
    const status = await post(env, webhook, {
      body,
      headers: signedHeaders(parcel.secret, executionId, body),
    });
    const isTaken = status >= 200 && status <= 299;
    const problem = isTaken ? undefined : `It answered ${status}.`;
    return { atMs, durationMs: durationMs(), status, problem };
  } catch (thrown) {
    const isLate = thrown instanceof Error && thrown.name === "TimeoutError";
    const problem = isLate
      ? `It did not answer within ${WEBHOOK_MS_MAX} ms.`
      : "It could not be reached.";
    console.error(JSON.stringify({ executionId, detail: `a webhook was not told: ${thrown}` }));
    return { atMs, durationMs: durationMs(), status: undefined, problem };
  }
}

/** The headers of a delivery. Its id stays the same from try to try. */
export function signedHeaders(
  secret: string,
  id: string,
  body: string,
  now = new Date(),
): Record<string, string> {
  return {
    "content-type": "application/json",
    "user-agent": "agent-coderunner",
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
    "webhook-signature": new Webhook(secret).sign(id, now, body),
  };
}

async function post(
  env: Env,
  url: string,
  { body, headers }: { body: string; headers: Record<string, string> },
): Promise<number> {
  const init: RequestInit = {
    method: "POST",
    body,
    headers,
    redirect: "manual",
    signal: AbortSignal.timeout(WEBHOOK_MS_MAX),
  };
  const response = await (env.OUTSIDE ? env.OUTSIDE.fetch(url, init) : fetch(url, init));
  await response.body?.cancel();
  return response.status;
}
