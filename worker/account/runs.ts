// What the beginning and the end of an execution mean to what else is on record: to the session it
// runs in, to the history it becomes part of, and to the key it was asked for under. The caller holds
// the transaction.

import type { SessionEnding } from "../../shared/errors.ts";
import type { Intent, Refusal } from "../admission.ts";
import * as claims from "./claims.ts";
import * as executions from "./executions.ts";
import { findOutputs, type Kept, keepOutputs, type Packed, placeFor } from "./history.ts";
import * as sessions from "./sessions.ts";

/** How an execution ended, as far as an account has to know it, and what is kept of it. */
export type Report = {
  outcome: string;
  version?: string;
  kept?: Kept;
  /** Why there is no more to say of it, where it ran and left no report. */
  failure?: string;
};

/** An execution as it is remembered, with its outputs where they are. */
export type Remembered = { execution: executions.Execution; outputs?: Packed };

/** Notes an execution that was let through. */
export function beginRun(
  sql: SqlStorage,
  nowMs: number,
  beginning: Omit<executions.Beginning, "sessionId" | "opensSession">,
  { session, claim }: { session: Intent["session"]; claim: claims.Claim | undefined },
): void {
  const { id: sessionId, opens: opensSession = false } = session ?? {};
  executions.addExecution(sql, nowMs, { ...beginning, sessionId, opensSession });
  if (claim !== undefined) claims.claimExecution(sql, nowMs, claim, beginning.id);
  if (sessionId === undefined) return;
  const { language } = beginning;
  if (opensSession) sessions.addSession(sql, nowMs, { id: sessionId, language, isExplicit: false });
  else sessions.touchSession(sql, nowMs, sessionId);
}

/** Notes how an execution ended that has a report. */
export function noteReport(
  sql: SqlStorage,
  nowMs: number,
  id: string,
  { outcome, version, kept, failure, chargedMicro }: Report & { chargedMicro: number },
): void {
  const { summary, leftMicro, outputs } = kept ?? {};
  const place = outputs === undefined ? undefined : placeFor(sql, outputs);
  const end = { outcome, failure, summary, leftMicro, chargedMicro, place };
  const { isNews, sessionId } = executions.endExecution(sql, nowMs, id, end);
  if (!isNews) return;
  if (outputs !== undefined && place !== undefined) keepOutputs(sql, id, outputs, place);
  if (sessionId === undefined) return;
  sessions.countExecution(sql, nowMs, sessionId);
  if (version !== undefined) sessions.noteVersion(sql, sessionId, version);
}

/** Notes that an execution came to nothing, and why, and what that means to its session. */
export function giveUpRun(
  sql: SqlStorage,
  nowMs: number,
  id: string,
  { ending, failure }: { ending: SessionEnding | undefined; failure: string | undefined },
): void {
  const ended = executions.endExecution(sql, nowMs, id, { failure });
  const { isNews, sessionId, opensSession } = ended;
  if (!isNews || sessionId === undefined) return;
  // What an execution should have opened and did not report of may be anywhere: it is lost.
  const over = ending ?? (opensSession ? "lost" : undefined);
  if (over === undefined) sessions.touchSession(sql, nowMs, sessionId);
  else sessions.endSession(sql, nowMs, sessionId, over);
}

/** An execution and what it put out, if it is remembered. */
export function recall(sql: SqlStorage, id: string): Remembered | undefined {
  const execution = executions.findExecution(sql, id);
  if (execution === undefined) return undefined;
  const outputs = findOutputs(sql, id);
  return { execution, ...(outputs && { outputs }) };
}

/**
 * The execution that was asked for before under the same key; or why there is no answer; or
 * `undefined` where this is the first, or the first came to nothing.
 */
export function repeatedRun(
  sql: SqlStorage,
  nowMs: number,
  claim: claims.Claim,
  ownId: string,
): Remembered | Refusal | undefined {
  const known = claims.claimed(sql, nowMs, claim);
  if (known === "idempotency_mismatch") return { ok: false, code: known };
  if (known === undefined || known.subject === ownId) return undefined;
  const remembered = recall(sql, known.subject);
  if (remembered === undefined) return { ok: false, code: "conflict", message: FORGOTTEN };
  return remembered.execution.state === "failed" ? undefined : remembered;
}

const FORGOTTEN =
  "What was run under this Idempotency-Key is no longer remembered; make a new key to run it again.";

/** The session that was opened before under the same key, in the same way. */
export function repeatedSession(
  sql: SqlStorage,
  nowMs: number,
  claim: claims.Claim,
  ownId: string,
): sessions.Session | Refusal["code"] | undefined {
  const known = claims.claimed(sql, nowMs, claim);
  if (known === "idempotency_mismatch") return known;
  if (known === undefined || known.subject === ownId) return undefined;
  const session = sessions.findSession(sql, nowMs, known.subject);
  if (session === undefined || session.version !== undefined) return session;
  return session.ending === undefined ? "idempotency_in_progress" : undefined;
}
