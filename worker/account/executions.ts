// What an account knows of its executions: which are its own, where each runs, and how it ended. A
// row is made when an execution is admitted, and stays in the account's history until it is too old,
// too many came after it, or its owner removes it. What a program has put out is in history.ts.

import type { LanguageId } from "../../shared/languages.ts";
import {
  HISTORY_EXECUTIONS_MAX,
  HISTORY_FORGOTTEN_AT_ONCE,
  HISTORY_MS,
} from "../../shared/limits.ts";
import type { Place } from "./history.ts";

/** An execution as the account sees it; `failed` is one that was given up without a report. */
export type Execution = {
  id: string;
  /** Grows from one to the next. */
  number: number;
  sessionId: string | undefined;
  runner: string;
  language: LanguageId;
  runTimeoutMs: number;
  state: "running" | "done" | "failed";
  createdAtMs: number;
  endedAtMs: number | undefined;
  outcome: string | undefined;
  /** Its report without outputs, as JSON; `undefined` unless it is done. */
  summary: string | undefined;
  chargedMicro: number;
  /** What was left on the account when it was charged. */
  leftMicro: number | undefined;
  /** The code it failed with, where that is known. */
  failure: string | undefined;
  /** Whether it had outputs that are not kept. */
  hasDroppedOutputs: boolean;
};

/** What is known of an execution when it begins. */
export type Beginning = Pick<
  Execution,
  "id" | "sessionId" | "runner" | "language" | "runTimeoutMs"
> & {
  opensSession: boolean;
  /** Until when an answer may come. */
  dueAtMs: number;
};

/** How an execution ended: with a report, or, without an outcome, for a reason if that is known. */
export type End = {
  outcome?: string | undefined;
  failure?: string | undefined;
  summary?: string | undefined;
  chargedMicro?: number | undefined;
  leftMicro?: number | undefined;
  /** Where its outputs are kept, if there are any. */
  place?: Place | undefined;
};

/** Which executions are asked for. */
export type ExecutionQuery = {
  most: number;
  /** Only those with a smaller number. */
  before?: number;
  sessionId?: string;
  language?: LanguageId;
  outcome?: string;
};

type Row = {
  id: string;
  number: number;
  session_id: string | null;
  opens_session: number;
  runner: string;
  language: string;
  run_timeout_ms: number;
  state: Execution["state"];
  created_at_ms: number;
  ended_at_ms: number | null;
  outcome: string | null;
  summary: string | null;
  charged_micro: number | null;
  left_micro: number | null;
  failure: string | null;
  outputs_bytes: number | null;
  outputs_to: number | null;
};

/** Notes an execution that begins, which may cost the oldest their place. Repeating it changes nothing. */
export function addExecution(sql: SqlStorage, nowMs: number, beginning: Beginning): void {
  sql.exec(
    `INSERT OR IGNORE INTO execution (id, session_id, opens_session, runner, language,
       run_timeout_ms, state, created_at_ms, due_at_ms, number)
     VALUES (?, ?, ?, ?, ?, ?, 'running', ?, ?,
       (SELECT coalesce(max(number), 0) + 1 FROM execution))`,
    beginning.id,
    beginning.sessionId ?? null,
    Number(beginning.opensSession),
    beginning.runner,
    beginning.language,
    beginning.runTimeoutMs,
    nowMs,
    beginning.dueAtMs,
  );
  const { last } = sql.exec<{ last: number }>("SELECT max(number) AS last FROM execution").one();
  if (last > HISTORY_EXECUTIONS_MAX) forgetUpTo(sql, last - HISTORY_EXECUTIONS_MAX);
}

/** The execution of this id, if it is remembered. */
export function findExecution(sql: SqlStorage, id: string): Execution | undefined {
  const [row] = sql.exec<Row>("SELECT * FROM execution WHERE id = ?", id).toArray();
  return row && toExecution(row);
}

/**
 * Some executions, newest first; without their files, whose names alone could be more together than
 * an object may answer.
 */
export function listExecutions(sql: SqlStorage, query: ExecutionQuery): Execution[] {
  const rows = sql.exec<Row>(
    `SELECT *, json_remove(summary, '$.files') AS summary FROM execution WHERE number < ?1 AND (?2 IS NULL OR session_id = ?2)
       AND (?3 IS NULL OR language = ?3) AND (?4 IS NULL OR outcome = ?4)
     ORDER BY number DESC LIMIT ?5`,
    query.before ?? Number.MAX_SAFE_INTEGER,
    query.sessionId ?? null,
    query.language ?? null,
    query.outcome ?? null,
    query.most,
  );
  return rows.toArray().map(toExecution);
}

/**
 * Ends an execution. A report that is heard of late replaces none. Returns where it ran and whether
 * this changed anything.
 */
export function endExecution(
  sql: SqlStorage,
  nowMs: number,
  id: string,
  end: End,
): { isNews: boolean; sessionId?: string; opensSession: boolean } {
  const [row] = sql.exec<Row>("SELECT * FROM execution WHERE id = ?", id).toArray();
  if (row === undefined) return { isNews: false, opensSession: false };
  const state = end.outcome === undefined ? "failed" : "done";
  const isNews = row.state === "running" || (row.state === "failed" && state === "done");
  if (isNews) {
    sql.exec(
      `UPDATE execution SET state = ?, outcome = ?, failure = ?, summary = ?, charged_micro = ?,
         left_micro = ?, outputs_bytes = ?, outputs_kind = ?, outputs_to = ?, ended_at_ms = ?
       WHERE id = ?`,
      state,
      end.outcome ?? null,
      end.failure ?? null,
      end.summary ?? null,
      end.chargedMicro ?? 0,
      end.leftMicro ?? null,
      end.place?.bytes ?? null,
      end.place?.kind ?? null,
      end.place?.to ?? null,
      nowMs,
      id,
    );
  }
  const session = row.session_id === null ? {} : { sessionId: row.session_id };
  return { isNews, ...session, opensSession: row.opens_session === 1 };
}

/** An execution that was given up without a word of it. It may have run until `dueAtMs`. */
export type GivenUp = {
  id: string;
  sessionId: string | undefined;
  runTimeoutMs: number;
  dueAtMs: number;
};

/** Gives up what no answer can come for any more, and says which. */
export function giveUpExecutions(sql: SqlStorage, nowMs: number): GivenUp[] {
  return sql
    .exec<Pick<Row, "id" | "session_id" | "run_timeout_ms"> & { due_at_ms: number }>(
      `UPDATE execution SET state = 'failed', ended_at_ms = due_at_ms
       WHERE state = 'running' AND due_at_ms <= ?
       RETURNING id, session_id, run_timeout_ms, due_at_ms`,
      nowMs,
    )
    .toArray()
    .map((row) => ({
      id: row.id,
      sessionId: row.session_id ?? undefined,
      runTimeoutMs: row.run_timeout_ms,
      dueAtMs: row.due_at_ms,
    }));
}

/** Removes an execution that has ended, with all that came of it. */
export function removeExecution(sql: SqlStorage, id: string): void {
  sql.exec("DELETE FROM output_piece WHERE execution_id = ?", id);
  sql.exec("DELETE FROM execution WHERE id = ? AND state <> 'running'", id);
}

/** Removes some of all that have ended; says how many. */
export function removeSome(sql: SqlStorage): number {
  return forgetWhere(sql, "state <> 'running'");
}

/** Forgets some of what is too old to be remembered. */
export function purgeExecutions(sql: SqlStorage, nowMs: number): void {
  const tooOldMs = nowMs - HISTORY_MS;
  if ((oldestAtMs(sql) ?? nowMs) > tooOldMs) return;
  forgetWhere(sql, "state <> 'running' AND created_at_ms <= ?", tooOldMs);
}

/** When an execution is next to be forgotten, or `undefined` when none is. */
export function nextExecutionDueAtMs(sql: SqlStorage): number | undefined {
  const atMs = oldestAtMs(sql);
  return atMs === undefined ? undefined : atMs + HISTORY_MS;
}

function oldestAtMs(sql: SqlStorage): number | undefined {
  const [oldest] = sql
    .exec<{ at_ms: number }>("SELECT created_at_ms AS at_ms FROM execution ORDER BY number LIMIT 1")
    .toArray();
  return oldest?.at_ms;
}

function forgetUpTo(sql: SqlStorage, number: number): void {
  forgetWhere(sql, "number <= ? AND state <> 'running'", number);
}

/** In order of their numbers, so that only as many rows are looked at as there are to forget. */
function forgetWhere(sql: SqlStorage, which: string, ...values: number[]): number {
  const ids = sql
    .exec<{ id: string }>(
      `SELECT id FROM execution WHERE ${which} ORDER BY number LIMIT ${HISTORY_FORGOTTEN_AT_ONCE}`,
      ...values,
    )
    .toArray();
  for (const { id } of ids) removeExecution(sql, id);
  return ids.length;
}

function toExecution(row: Row): Execution {
  return {
    id: row.id,
    number: row.number,
    sessionId: row.session_id ?? undefined,
    runner: row.runner,
    language: row.language as LanguageId,
    runTimeoutMs: row.run_timeout_ms,
    state: row.state,
    createdAtMs: row.created_at_ms,
    endedAtMs: row.ended_at_ms ?? undefined,
    outcome: row.outcome ?? undefined,
    summary: row.summary ?? undefined,
    chargedMicro: row.charged_micro ?? 0,
    leftMicro: row.left_micro ?? undefined,
    failure: row.failure ?? undefined,
    hasDroppedOutputs: (row.outputs_bytes ?? 0) > 0 && row.outputs_to === null,
  };
}
