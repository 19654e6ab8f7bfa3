// Cancelling, where it is asked for in a request of its own (protocols up to 2025-11-25). Nothing is
// remembered here: what a client does in a protocol session is claimed at its account under a name made
// of that session and of the message's id, as if both were an Idempotency-Key. So the same message
// sent twice is done once, and who names it again to cancel it has named the execution.

import { asFailure, type ErrorCode, Failure } from "../../shared/errors.ts";
import { randomText } from "../../shared/ids.ts";
import { CANCEL_FINDS_MS, CANCEL_WAITS_MS } from "../../shared/limits.ts";
import { bearerOf } from "../bearer.ts";
import type { Call } from "../call.ts";
import { visitorIdOf } from "../client-address.ts";
import { hex, sha256 } from "../digest.ts";
import { withVisitor } from "../objects.ts";
import { interruptOnRunner } from "../runner-client.ts";
import { visit } from "../visit.ts";

/** Names a protocol session. It opens nothing: what may be done is the key's to say. */
export const SESSION_HEADER = "Mcp-Session-Id";

const SESSION_SHAPE = /^mcp-[0-9a-z]{26}$/;

export function newProtocolSession(): string {
  return `mcp-${randomText(26)}`;
}

/** The protocol session a call says it belongs to. Throws where it can be none of ours. */
export function protocolSessionOf({ request }: Call): string | undefined {
  const session = request.headers.get(SESSION_HEADER) ?? undefined;
  if (session === undefined || SESSION_SHAPE.test(session)) return session;
  const message = `There is no such ${SESSION_HEADER}; initialize again.`;
  throw new Failure("not_found", { message });
}

/** The Idempotency-Key that a message of a protocol session is as good as. */
export async function nameOf(session: string, id: string | number): Promise<string> {
  return `mcp-${hex(await sha256(`${session}\n${JSON.stringify(id)}`))}`;
}

/** What is kept of a name, here as of every Idempotency-Key. */
export async function aliasOf(name: string): Promise<string> {
  return hex(await sha256(name));
}

/** Interrupts what was begun by a message; where that has only just come in, as soon as it can be. */
export async function cancel(call: Call, session: string, id: string | number): Promise<void> {
  const alias = await aliasOf(await nameOf(session, id));
  const begun = await insist(CANCEL_FINDS_MS, () => find(call, alias));
  if (begun === undefined) return;
  await insist(CANCEL_WAITS_MS, async () => {
    await interruptOnRunner(call, begun.payerId, begun.executionId);
  });
}

/** What is there of something that has not begun yet, or is over. */
const PASSING: readonly ErrorCode[] = ["unknown_execution", "not_running"];

/** Tries after each of these times, for as long as it may only be too early. */
async function insist<Done>(
  waitsMs: readonly number[],
  attempt: () => Promise<Done>,
): Promise<Done | undefined> {
  for (const waitMs of waitsMs) {
    await scheduler.wait(waitMs);
    try {
      return await attempt();
    } catch (thrown) {
      if (!PASSING.includes(asFailure(thrown).code)) throw thrown;
    }
  }
  return undefined;
}

/** The execution of this alias, and whose sandbox it is in. */
async function find(call: Call, alias: string) {
  if (bearerOf(call.request) === undefined) {
    const payerId = await visitorIdOf(call.request, call.env);
    const executionId = await withVisitor(call.env, payerId, (visitor) => visitor.findRun(alias));
    if (executionId === undefined) throw new Failure("unknown_execution");
    return { payerId, executionId };
  }
  const { key, found } = await visit(call, async (account, keyHash) => {
    return await account.visitClaimed(keyHash, alias);
  });
  return { payerId: key.accountId, executionId: found.id };
}
