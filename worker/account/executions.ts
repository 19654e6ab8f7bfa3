// What an account knows of its executions: which are its own, where each runs, and how it ended. A
// row is made when an execution is admitted and goes some time after its end, when no runner keeps
// what came of it any more. The programs and their output are not here.

import type { LanguageId } from "../../shared/languages.ts";
import { DETACHED_REPORT_MS } from "../../shared/limits.ts";

/** An execution as the account sees it; `failed` is one that was given up without a report. */
export type Execution = {
  id: string;
  sessionId: string | undefined;
  runner: string;
  language: LanguageId;
  runTimeoutMs: number;
  state: "running" | "done" | "failed";
  createdAtMs: number;
};

/** What is known of an execution when it begins. */
export type Beginning = Omit<Execution, "state" | "createdAtMs"> & {
  opensSession: boolean;
  /** Until when an answer may come. */
  dueAtMs: number;
};

type Row = {
  id: string;
  session_id: string | null;
  opens_session: number;
  runner: string;
  language: string;
  run_timeout_ms: number;
  state: Execution["state"];
  created_at_ms: number;
};

/** Notes an execution that begins. Repeating it changes nothing. */
export function addExecution(sql: SqlStorage, nowMs: number, beginning: Beginning): void {
  sql.exec(
    `INSERT OR IGNORE INTO execution (id, session_id, opens_session, runner, language,
       run_timeout_ms, state, created_at_ms, due_at_ms) VALUES (?, ?, ?, ?, ?, ?, 'running', ?, ?)`,
    beginning.id,
    beginning.sessionId ?? null,
    Number(beginning.opensSession),
    beginning.runner,
    beginning.language,
    beginning.runTimeoutMs,
    nowMs,
    beginning.dueAtMs,
  );
}

/** The execution of this id, if it runs or ended not long ago. */
export function findExecution(sql: SqlStorage, nowMs: number, id: string): Execution | undefined {
  const [row] = sql
    .exec<Row>(
      "SELECT * FROM execution WHERE id = ? AND (state = 'running' OR ended_at_ms > ?)",
      id,
      nowMs - DETACHED_REPORT_MS,
    )
    .toArray();
  return row && toExecution(row);
}

/**
 * Ends an execution, with an outcome if there is one. An outcome that is heard of late replaces none.
 * Returns where it ran and whether this changed anything.
 */
export function endExecution(
  sql: SqlStorage,
  nowMs: number,
  id: string,
  outcome: string | undefined,
): { isNews: boolean; sessionId?: string; opensSession: boolean } {
  const [row] = sql.exec<Row>("SELECT * FROM execution WHERE id = ?", id).toArray();
  if (row === undefined) return { isNews: false, opensSession: false };
  const state = outcome === undefined ? "failed" : "done";
  const isNews = row.state === "running" || (row.state === "failed" && state === "done");
  if (isNews) {
    sql.exec(
      "UPDATE execution SET state = ?, outcome = ?, ended_at_ms = ? WHERE id = ?",
      state,
      outcome ?? null,
      nowMs,
      id,
    );
  }
  const session = row.session_id === null ? {} : { sessionId: row.session_id };
  return { isNews, ...session, opensSession: row.opens_session === 1 };
}

/** Gives up what no answer can come for any more, and says in which sessions and until when it may have run. */
export function giveUpExecutions(
  sql: SqlStorage,
  nowMs: number,
): { sessionId: string; dueAtMs: number }[] {
  const given = sql
    .exec<{ session_id: string | null; due_at_ms: number }>(
      `UPDATE execution SET state = 'failed', ended_at_ms = due_at_ms
       WHERE state = 'running' AND due_at_ms <= ? RETURNING session_id, due_at_ms`,
      nowMs,
    )
    .toArray();
  return given.flatMap(({ session_id, due_at_ms }) =>
    session_id === null ? [] : [{ sessionId: session_id, dueAtMs: due_at_ms }],
  );
}

/** Forgets what nobody can be told of any more. */
export function purgeExecutions(sql: SqlStorage, nowMs: number): void {
  sql.exec(
    "DELETE FROM execution WHERE state <> 'running' AND ended_at_ms <= ?",
    nowMs - DETACHED_REPORT_MS,
  );
}

/** When an execution is next to be forgotten, or `undefined` when none is. */
export function nextExecutionDueAtMs(sql: SqlStorage): number | undefined {
  const due = sql
    .exec<{ at_ms: number | null }>(
      "SELECT min(ended_at_ms) AS at_ms FROM execution WHERE state <> 'running'",
    )
    .one();
  return due.at_ms === null ? undefined : due.at_ms + DETACHED_REPORT_MS;
}

function toExecution(row: Row): Execution {
  return {
    id: row.id,
    sessionId: row.session_id ?? undefined,
    runner: row.runner,
    language: row.language as LanguageId,
    runTimeoutMs: row.run_timeout_ms,
    state: row.state,
    createdAtMs: row.created_at_ms,
  };
}
