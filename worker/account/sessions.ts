// What an account knows of its sessions: which it has, in what language, when they were last used and
// how they ended. The runner that keeps a session is the authority on it; this is what can be said
// without asking it. A session that has ended stays so, and is remembered for a while, because its id
// may still be asked for. The caller holds the transaction and knows the time.

import type { ErrorCode, SessionEnding } from "../../shared/errors.ts";
import type { LanguageId } from "../../shared/languages.ts";
import {
  IMPLICIT_SESSIONS_MAX,
  SESSION_IDLE_MS_MAX,
  SESSION_MEMORY_MS,
  SESSIONS_MAX,
} from "../../shared/limits.ts";

/** A session as the account sees it. */
export type Session = {
  id: string;
  language: LanguageId;
  /** `undefined` until a runner has told it. */
  version: string | undefined;
  /** What was installed when it was opened, as JSON; `undefined` when nothing was asked for. */
  packages: string | undefined;
  isExplicit: boolean;
  createdAtMs: number;
  lastUsedAtMs: number;
  expiresAtMs: number;
  executions: number;
  isBusy: boolean;
  /** `undefined` while it lives. */
  ending: SessionEnding | undefined;
};

/** Where a page of sessions goes on: after this one, in the order they are listed. */
export type Place = { createdAtMs: number; id: string };

type Row = {
  id: string;
  language: string;
  version: string | null;
  packages: string | null;
  is_explicit: number;
  created_at_ms: number;
  last_used_at_ms: number;
  executions: number;
  ending: SessionEnding | null;
  is_busy: number;
};

const BUSY = `EXISTS (
  SELECT 1 FROM execution WHERE state = 'running' AND session_id = session.id)`;
const COLUMNS = `id, language, version, packages, is_explicit, created_at_ms, last_used_at_ms,
  executions, ending, ${BUSY} AS is_busy`;

/** The session of this id, if there is one or was one not long ago. */
export function findSession(sql: SqlStorage, nowMs: number, id: string): Session | undefined {
  expireSessions(sql, nowMs);
  const [row] = sql
    .exec<Row>(
      `SELECT ${COLUMNS} FROM session WHERE id = ? AND (ending IS NULL OR ended_at_ms > ?)`,
      id,
      nowMs - SESSION_MEMORY_MS,
    )
    .toArray();
  return row && toSession(row);
}

/** A session as it was when it was opened, whatever has become of it. */
export function asOpened(session: Session): Session {
  const { createdAtMs } = session;
  return {
    ...session,
    lastUsedAtMs: createdAtMs,
    expiresAtMs: createdAtMs + SESSION_IDLE_MS_MAX,
    executions: 0,
    isBusy: false,
    ending: undefined,
  };
}

/** Why a session cannot be used, or `undefined` when it can. One that never was has no row. */
export function deadEnd(session: Session | undefined): ErrorCode | undefined {
  if (session === undefined) return "unknown_session";
  return session.ending && `session_${session.ending}`;
}

/** Whether one more session may be asked for. */
export function hasRoom(sql: SqlStorage, nowMs: number): boolean {
  expireSessions(sql, nowMs);
  const { live } = sql
    .exec<{ live: number }>(
      "SELECT count(*) AS live FROM session WHERE ending IS NULL AND is_explicit = 1",
    )
    .one();
  return live < SESSIONS_MAX;
}

/** Adds a session; one that is only kept while there is room may cost an older of its kind its life. */
export function addSession(
  sql: SqlStorage,
  nowMs: number,
  { id, language, isExplicit }: Pick<Session, "id" | "language" | "isExplicit">,
): void {
  sql.exec(
    `INSERT OR IGNORE INTO session
       (id, language, is_explicit, created_at_ms, last_used_at_ms, executions)
     VALUES (?1, ?2, ?3, ?4, ?4, 0)`,
    id,
    language,
    Number(isExplicit),
    nowMs,
  );
  if (isExplicit) return;
  sql.exec(
    `UPDATE session SET ending = 'evicted', ended_at_ms = ?1 WHERE id IN (
       SELECT id FROM session WHERE ending IS NULL AND is_explicit = 0 AND id <> ?2
       ORDER BY last_used_at_ms DESC, created_at_ms DESC, id LIMIT -1 OFFSET ?3)`,
    nowMs,
    id,
    IMPLICIT_SESSIONS_MAX - 1,
  );
}

/** Begins a session's idle time anew. */
export function touchSession(sql: SqlStorage, atMs: number, id: string): void {
  sql.exec(
    "UPDATE session SET last_used_at_ms = max(last_used_at_ms, ?) WHERE id = ? AND ending IS NULL",
    atMs,
    id,
  );
}

/** Notes which version of its language a session has. */
export function noteVersion(sql: SqlStorage, id: string, version: string): void {
  sql.exec("UPDATE session SET version = ? WHERE id = ?", version, id);
}

/** Notes what a session was opened with. */
export function notePackages(sql: SqlStorage, id: string, packages: string): void {
  sql.exec("UPDATE session SET packages = ? WHERE id = ?", packages, id);
}

/** Counts an execution that ran in a session, and takes it for a use. */
export function countExecution(sql: SqlStorage, nowMs: number, id: string): void {
  touchSession(sql, nowMs, id);
  sql.exec("UPDATE session SET executions = executions + 1 WHERE id = ?", id);
}

/** Ends a session that lives; what has ended stays as it did. Says whether it lived. */
export function endSession(
  sql: SqlStorage,
  nowMs: number,
  id: string,
  ending: SessionEnding,
): boolean {
  const ended = sql.exec(
    "UPDATE session SET ending = ?, ended_at_ms = ? WHERE id = ? AND ending IS NULL",
    ending,
    nowMs,
    id,
  );
  return ended.rowsWritten > 0;
}

/** Takes back a session that never came to be and whose id nobody was told. */
export function forgetSession(sql: SqlStorage, id: string): void {
  sql.exec("DELETE FROM session WHERE id = ?", id);
}

/** Up to `most` sessions, newest first, after `place`; with `ended`, those that are over as well. */
export function listSessions(
  sql: SqlStorage,
  nowMs: number,
  { most, place, ended }: { most: number; place?: Place; ended: boolean },
): Session[] {
  expireSessions(sql, nowMs);
  const rows = sql.exec<Row>(
    `SELECT ${COLUMNS} FROM session
     WHERE (created_at_ms, id) < (?1, ?2) AND (ending IS NULL OR (?3 AND ended_at_ms > ?4))
     ORDER BY created_at_ms DESC, id DESC LIMIT ?5`,
    place?.createdAtMs ?? Number.MAX_SAFE_INTEGER,
    place?.id ?? "",
    Number(ended),
    nowMs - SESSION_MEMORY_MS,
    most,
  );
  return rows.toArray().map(toSession);
}

/** Ends what was not used for too long. A session in which something runs is in use. */
export function expireSessions(sql: SqlStorage, nowMs: number): void {
  sql.exec(
    `UPDATE session SET ending = 'expired', ended_at_ms = last_used_at_ms + ?1
     WHERE ending IS NULL AND last_used_at_ms <= ?2 AND NOT ${BUSY}`,
    SESSION_IDLE_MS_MAX,
    nowMs - SESSION_IDLE_MS_MAX,
  );
}

/** Forgets what ended long ago. */
export function purgeSessions(sql: SqlStorage, nowMs: number): void {
  sql.exec(
    "DELETE FROM session WHERE ending IS NOT NULL AND ended_at_ms <= ?",
    nowMs - SESSION_MEMORY_MS,
  );
}

/** When a session is next to be expired or forgotten, or `undefined` when there is none. */
export function nextSessionDueAtMs(sql: SqlStorage): number | undefined {
  const due = sql
    .exec<{ at_ms: number | null }>(
      `SELECT min(at_ms) AS at_ms FROM (
         SELECT min(last_used_at_ms) + ?1 AS at_ms FROM session WHERE ending IS NULL
         UNION ALL
         SELECT min(ended_at_ms) + ?2 FROM session WHERE ending IS NOT NULL)`,
      SESSION_IDLE_MS_MAX,
      SESSION_MEMORY_MS,
    )
    .one();
  return due.at_ms ?? undefined;
}

function toSession(row: Row): Session {
  return {
    id: row.id,
    language: row.language as LanguageId,
    version: row.version ?? undefined,
    packages: row.packages ?? undefined,
    isExplicit: row.is_explicit === 1,
    createdAtMs: row.created_at_ms,
    lastUsedAtMs: row.last_used_at_ms,
    expiresAtMs: row.last_used_at_ms + SESSION_IDLE_MS_MAX,
    executions: row.executions,
    isBusy: row.is_busy === 1,
    ending: row.ending ?? undefined,
  };
}
