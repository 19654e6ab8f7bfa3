// What a courier has to see to: executions to follow to their end, and webhooks to tell of them. Only
// rows here; who goes and asks is the courier. The caller holds the transaction and knows the time.

import {
  DELIVERY_MEMORY_MS,
  ERRANDS_AT_ONCE,
  FOLLOW_EVERY_MS,
  FOLLOW_FIRST_MS,
  WEBHOOK_RETRIES_MS,
} from "../../shared/limits.ts";

/** By which face an execution came in. */
export type Face = "api" | "v1";

/** A detached execution that is to be seen to its end. */
export type Errand = {
  executionId: string;
  accountId: string;
  face: Face;
  webhook: string | undefined;
  runTimeoutMs: number;
  /** Until when its runner may know of it. */
  untilMs: number;
};

/** An errand as it stands. */
export type Standing = Errand & {
  isRelieved: boolean;
  state: "following" | "delivering" | "delivered" | "given_up";
  tries: number;
  nextAtMs: number | undefined;
};

/** How one try to tell a webhook went. */
export type Attempt = {
  number: number;
  atMs: number;
  durationMs: number;
  status: number | undefined;
  /** `undefined` when it was taken. */
  problem: string | undefined;
};

type Row = {
  execution_id: string;
  account_id: string;
  face: Face;
  webhook: string | null;
  run_timeout_ms: number;
  until_ms: number;
  is_relieved: number;
  state: Standing["state"];
  tries: number;
  next_at_ms: number | null;
};

/** Takes on an errand. Repeating it changes nothing. */
export function addErrand(sql: SqlStorage, nowMs: number, errand: Errand): void {
  sql.exec(
    `INSERT OR IGNORE INTO errand (execution_id, account_id, face, webhook, run_timeout_ms,
       until_ms, is_relieved, state, tries, next_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, 0, 'following', 0, ?)`,
    errand.executionId,
    errand.accountId,
    errand.face,
    errand.webhook ?? null,
    errand.runTimeoutMs,
    errand.untilMs,
    nowMs + FOLLOW_FIRST_MS,
  );
}

/** Notes that somebody else has seen an execution to its end. */
export function relieveErrand(sql: SqlStorage, nowMs: number, id: string): void {
  sql.exec(
    `UPDATE errand SET is_relieved = 1, next_at_ms = ?
     WHERE execution_id = ? AND state = 'following'`,
    nowMs,
    id,
  );
}

/** Takes an errand back that nobody waits for. */
export function dropErrand(sql: SqlStorage, id: string): void {
  sql.exec("DELETE FROM errand WHERE execution_id = ? AND state = 'following'", id);
}

export function findErrand(sql: SqlStorage, id: string): Standing | undefined {
  const [row] = sql.exec<Row>("SELECT * FROM errand WHERE execution_id = ?", id).toArray();
  return row && toStanding(row);
}

/** What is due, the longest due first, no more than can be seen to at once. */
export function dueErrands(sql: SqlStorage, nowMs: number): Standing[] {
  const due = sql.exec<Row>(
    `SELECT * FROM errand WHERE next_at_ms <= ? ORDER BY next_at_ms LIMIT ${ERRANDS_AT_ONCE}`,
    nowMs,
  );
  return due.toArray().map(toStanding);
}

/** The execution still runs: it is looked after again; at once, if it was seen to its end meanwhile. */
export function followOn(sql: SqlStorage, nowMs: number, id: string): void {
  sql.exec(
    "UPDATE errand SET next_at_ms = ?1 + iif(is_relieved, 0, ?2) WHERE execution_id = ?3",
    nowMs,
    FOLLOW_EVERY_MS,
    id,
  );
}

/** The execution is over, and so is the errand, unless somebody is to be told. Says whether that is so. */
export function finishFollowing(sql: SqlStorage, { executionId, webhook }: Errand): boolean {
  if (webhook === undefined) sql.exec("DELETE FROM errand WHERE execution_id = ?", executionId);
  else sql.exec("UPDATE errand SET state = 'delivering' WHERE execution_id = ?", executionId);
  return webhook !== undefined;
}

/** Notes how a try went, and when the next is due, if there is to be one. */
export function addAttempt(
  sql: SqlStorage,
  { executionId, tries }: Standing,
  attempt: Omit<Attempt, "number">,
): void {
  const { atMs, durationMs, status, problem } = attempt;
  const number = tries + 1;
  sql.exec(
    "INSERT OR REPLACE INTO attempt VALUES (?, ?, ?, ?, ?, ?)",
    executionId,
    number,
    atMs,
    durationMs,
    status ?? null,
    problem ?? null,
  );
  const endMs = atMs + durationMs;
  const waitMs = problem === undefined ? undefined : WEBHOOK_RETRIES_MS[tries];
  if (waitMs === undefined) {
    return endErrand(sql, endMs, executionId, problem === undefined ? "delivered" : "given_up");
  }
  sql.exec(
    "UPDATE errand SET tries = ?, next_at_ms = ? WHERE execution_id = ?",
    number,
    endMs + waitMs,
    executionId,
  );
}

/** Ends an errand. */
export function endErrand(
  sql: SqlStorage,
  nowMs: number,
  id: string,
  state: "delivered" | "given_up",
): void {
  sql.exec(
    `UPDATE errand SET state = ?, tries = tries + 1, next_at_ms = NULL, ended_at_ms = ?
     WHERE execution_id = ?`,
    state,
    nowMs,
    id,
  );
}

/** How the tries of an errand went, in order. */
export function attemptsOf(sql: SqlStorage, id: string): Attempt[] {
  const rows = sql.exec<{
    number: number;
    at_ms: number;
    duration_ms: number;
    status: number | null;
    problem: string | null;
  }>("SELECT * FROM attempt WHERE execution_id = ? ORDER BY number", id);
  return rows.toArray().map(({ number, at_ms, duration_ms, status, problem }) => ({
    number,
    atMs: at_ms,
    durationMs: duration_ms,
    status: status ?? undefined,
    problem: problem ?? undefined,
  }));
}

/** Forgets what was over long ago. */
export function purgeErrands(sql: SqlStorage, nowMs: number): void {
  const old = sql
    .exec<{ id: string }>(
      "SELECT execution_id AS id FROM errand WHERE ended_at_ms <= ?",
      nowMs - DELIVERY_MEMORY_MS,
    )
    .toArray();
  for (const { id } of old) {
    sql.exec("DELETE FROM attempt WHERE execution_id = ?", id);
    sql.exec("DELETE FROM errand WHERE execution_id = ?", id);
  }
}

/** When something is next to be done or forgotten, or `undefined` when there is nothing at all. */
export function nextErrandAtMs(sql: SqlStorage): number | undefined {
  const next = sql
    .exec<{ at_ms: number | null }>(
      `SELECT min(at_ms) AS at_ms FROM (
         SELECT min(next_at_ms) AS at_ms FROM errand WHERE next_at_ms IS NOT NULL
         UNION ALL
         SELECT min(ended_at_ms) + ? FROM errand WHERE ended_at_ms IS NOT NULL)`,
      DELIVERY_MEMORY_MS,
    )
    .one();
  return next.at_ms ?? undefined;
}

function toStanding(row: Row): Standing {
  return {
    executionId: row.execution_id,
    accountId: row.account_id,
    face: row.face,
    webhook: row.webhook ?? undefined,
    runTimeoutMs: row.run_timeout_ms,
    untilMs: row.until_ms,
    isRelieved: row.is_relieved === 1,
    state: row.state,
    tries: row.tries,
    nextAtMs: row.next_at_ms ?? undefined,
  };
}
