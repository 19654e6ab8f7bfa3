// How a call that is no execution gets to what it is about: one question to the account, which knows
// the caller's key, its rate, and whether the session or the execution is its own. What a runner then
// says of a session's end is put on record.

import { Failure, type SessionEnding } from "../shared/errors.ts";
import type { LanguageId } from "../shared/languages.ts";
import type { Account } from "./account/account.ts";
import type { Execution } from "./account/executions.ts";
import type { Session } from "./account/sessions.ts";
import type { Visit } from "./account/told.ts";
import { failureOf, setRateHeaders } from "./admission.ts";
import type { Call } from "./call.ts";
import { claimOf, inProgress, insistOnFirst } from "./idempotency.ts";
import type { KnownKey } from "./key.ts";
import { withAccount } from "./objects.ts";
import { keyOf } from "./payer.ts";
import { endingOf } from "./runner-failure.ts";

/** Something of an account's, and whose it is. */
export type Visited<Thing> = { key: KnownKey; found: Thing };

type Stub = DurableObjectStub<Account>;

/** Asks the account of the call's key. Throws the Failure that its refusal is. */
export async function visit<Thing>(
  call: Call,
  ask: (account: Stub, keyHash: string) => Promise<Visit<Thing>>,
): Promise<Visited<Thing>> {
  const key = await keyOf(call);
  const visited = await withAccount(call.env, key.accountId, (account) => ask(account, key.hash));
  if (visited === undefined) throw new Failure("invalid_key");
  setRateHeaders(call.headers, visited.rate, "calls");
  if (!visited.ok) throw failureOf(visited);
  return { key, found: visited.found };
}

/**
 * Puts a new session of the caller's on record; or finds the one that was opened before, under the
 * same Idempotency-Key.
 */
export async function visitNewSession(
  call: Call,
  id: string,
  language: LanguageId,
): Promise<Visited<Session>> {
  const claim = await claimOf(call);
  const ask = async () =>
    await visit<Session>(call, async (account, keyHash) => {
      return await account.openSession(keyHash, id, language, claim);
    }).catch(pending);
  const visited = await insistOnFirst(ask, (answer) => answer === undefined);
  if (visited === undefined) throw inProgress();
  call.line.sessionId = visited.found.id;
  return visited;
}

/** Whoever is told to wait for the first request of its kind waits. */
function pending(thrown: unknown): undefined {
  if (thrown instanceof Failure && thrown.code === "idempotency_in_progress") return undefined;
  throw thrown;
}

/** A live session of the caller's; `isUse` begins its idle time anew. */
export async function visitSession(
  call: Call,
  id: string,
  { isUse }: { isUse: boolean },
): Promise<Visited<Session>> {
  if (id !== "") call.line.sessionId = id;
  return await visit<Session>(call, async (account, keyHash) => {
    return await account.visitSession(keyHash, id, isUse);
  });
}

/** An execution of the caller's. */
export async function visitExecution(call: Call, id: string): Promise<Visited<Execution>> {
  const visited = await visit<Execution>(call, async (account, keyHash) => {
    return await account.visitExecution(keyHash, id);
  });
  call.line.executionId = id;
  return visited;
}

/** Does something with a session at its runner. If it is gone there, that is put on record. */
export async function atRunner<Answer>(
  call: Call,
  { key, found }: Visited<Session>,
  act: (whose: { accountId: string; sessionId: string }) => Promise<Answer>,
): Promise<Answer> {
  const { accountId } = key;
  try {
    return await act({ accountId, sessionId: found.id });
  } catch (thrown) {
    const ending = thrown instanceof Failure ? endingOf(thrown) : undefined;
    if (ending !== undefined) await record(call, accountId, found.id, ending);
    throw thrown;
  }
}

async function record(
  call: Call,
  accountId: string,
  id: string,
  ending: SessionEnding,
): Promise<void> {
  await withAccount(call.env, accountId, (account) => account.endSession(id, ending));
}
