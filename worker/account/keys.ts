// The keys of an account, by their digests: which open it, what their owner calls them, and when they
// were last used, which is noted at most once a minute. A key that is revoked opens nothing from then
// on, whatever the clock says; one that was replaced may work on for a while, and then ends by itself.
// The caller holds the transaction and knows the time.

import type { ErrorCode } from "../../shared/errors.ts";
import { KEY_USE_NOTED_MS, KEYS_KEPT_MAX, KEYS_MAX } from "../../shared/limits.ts";
import { addClaim, type Claim, claimed } from "./claims.ts";

/** A key as its owner is told of it. */
export type Key = {
  id: string;
  hash: string;
  name: string | undefined;
  createdAtMs: number;
  /** As of a minute ago; `undefined` when it was never used. */
  lastUsedAtMs: number | undefined;
  /** When it ends by itself; `undefined` when it does not. */
  expiresAtMs: number | undefined;
  /** Since when it opens nothing; `undefined` while it does. */
  revokedAtMs: number | undefined;
};

/** A key that is to be, with an id and a digest of the maker's. */
export type NewKey = { id: string; hash: string; name?: string };

/** What an owner may do with keys. */
export type KeyDeed =
  | { kind: "list" }
  | { kind: "add"; key: NewKey; claim?: Claim | undefined }
  | { kind: "rename"; id: string; name: string | null }
  | { kind: "revoke"; id: string; evenLast: boolean }
  | { kind: "rotate"; id: string; key: NewKey; graceMs: number; claim?: Claim | undefined };

type Row = {
  id: string;
  hash: string;
  name: string | null;
  created_at_ms: number;
  last_used_at_ms: number | null;
  expires_at_ms: number | null;
  revoked_at_ms: number | null;
};

/** Whether a key opens the account now, and whether its use should be noted. */
export function findLiveKey(
  sql: SqlStorage,
  nowMs: number,
  hash: string,
): { id: string; isUseNews: boolean } | undefined {
  const [row] = sql.exec<Row>("SELECT * FROM key WHERE hash = ?", hash).toArray();
  if (row === undefined || hasEnded(row, nowMs)) return undefined;
  const sinceMs = nowMs - (row.last_used_at_ms ?? Number.NEGATIVE_INFINITY);
  return { id: row.id, isUseNews: sinceMs >= KEY_USE_NOTED_MS || sinceMs < 0 };
}

/** Notes that a key was used. */
export function noteUse(sql: SqlStorage, nowMs: number, hash: string): void {
  sql.exec("UPDATE key SET last_used_at_ms = ? WHERE hash = ?", nowMs, hash);
}

/** Adds a key, whatever there is. Repeatable with its digest. */
export function addKey(sql: SqlStorage, nowMs: number, { id, hash, name }: NewKey): void {
  sql.exec(
    "INSERT OR IGNORE INTO key (hash, id, name, created_at_ms) VALUES (?, ?, ?, ?)",
    hash,
    id,
    name ?? null,
    nowMs,
  );
}

/**
 * The digest of the key by which a deed is let in. Who replaces a key may be told of it a second time
 * with the one that is gone by it, for as long as the request is remembered; it is the new one that
 * lets them in then, which nobody else could have made.
 */
export function entranceOf(sql: SqlStorage, nowMs: number, keyHash: string, deed: KeyDeed): string {
  if (deed.kind !== "rotate" || findLiveKey(sql, nowMs, keyHash) !== undefined) return keyHash;
  const [presented] = sql.exec<Row>("SELECT * FROM key WHERE hash = ?", keyHash).toArray();
  const isReplaced = presented?.id === deed.id;
  const isRemembered = deed.claim === undefined || isMade(claimed(sql, nowMs, deed.claim));
  return isReplaced && isRemembered ? deed.key.hash : keyHash;
}

function isMade(known: ReturnType<typeof claimed>): boolean {
  return typeof known === "object";
}

/** Does what an owner wants with keys; returns those it was about, the new one first, or says why not. */
export function doWithKeys(sql: SqlStorage, nowMs: number, deed: KeyDeed): Key[] | ErrorCode {
  if (deed.kind === "list") return allKeys(sql, nowMs);
  if ("key" in deed) return makeKey(sql, nowMs, deed);
  const key = allKeys(sql, nowMs).find(({ id }) => id === deed.id);
  if (key === undefined) return "unknown_key";
  if (deed.kind === "revoke") return revoke(sql, nowMs, key, deed.evenLast);
  sql.exec("UPDATE key SET name = ? WHERE hash = ?", deed.name, key.hash);
  return [{ ...key, name: deed.name ?? undefined }];
}

/** Makes a key, unless one was made before under the same Idempotency-Key: then it is that one. */
function makeKey(
  sql: SqlStorage,
  nowMs: number,
  deed: Extract<KeyDeed, { key: NewKey }>,
): Key[] | ErrorCode {
  const { claim } = deed;
  const known = claim && claimed(sql, nowMs, claim);
  if (known === "idempotency_mismatch") return known;
  const keys = allKeys(sql, nowMs);
  const old = deed.kind === "rotate" ? keys.find(({ id }) => id === deed.id) : undefined;
  if (known !== undefined) {
    const made = keys.find(({ id }) => id === known.subject);
    if (made === undefined || made.revokedAtMs !== undefined) return "key_revoked";
    return old === undefined ? [made] : [made, old];
  }
  if (deed.kind === "rotate" && old === undefined) return "unknown_key";
  const made =
    deed.kind === "rotate" && old !== undefined
      ? rotate(sql, nowMs, old, deed)
      : addWithinLimits(sql, nowMs, deed.key);
  if (claim !== undefined && typeof made === "object") addClaim(sql, nowMs, claim, deed.key.id);
  return made;
}

function addWithinLimits(sql: SqlStorage, nowMs: number, added: NewKey): Key[] | ErrorCode {
  const keys = allKeys(sql, nowMs);
  const there = keys.find(({ hash }) => hash === added.hash);
  if (there !== undefined) return there.revokedAtMs === undefined ? [there] : "key_revoked";
  if (keys.filter(isLasting).length >= KEYS_MAX) return "too_many_keys";
  addKey(sql, nowMs, added);
  forgetOldest(sql, nowMs);
  return allKeys(sql, nowMs).filter(({ hash }) => hash === added.hash);
}

function rotate(
  sql: SqlStorage,
  nowMs: number,
  old: Key,
  { key, graceMs }: { key: NewKey; graceMs: number },
): Key[] | ErrorCode {
  const keys = allKeys(sql, nowMs);
  const done = keys.find(({ hash }) => hash === key.hash);
  if (done?.revokedAtMs !== undefined) return "key_revoked";
  if (done !== undefined) return [done, old];
  if (!isLasting(old)) return "key_revoked";
  const leaving = keys.filter(({ revokedAtMs, expiresAtMs }) => !revokedAtMs && expiresAtMs);
  if (graceMs > 0 && leaving.length >= KEYS_MAX) return "too_many_keys";
  const endsBy = graceMs > 0 ? "expires_at_ms" : "revoked_at_ms";
  sql.exec(`UPDATE key SET ${endsBy} = ? WHERE hash = ?`, nowMs + graceMs, old.hash);
  addKey(sql, nowMs, { ...key, ...(old.name !== undefined && { name: old.name }) });
  forgetOldest(sql, nowMs);
  const after = allKeys(sql, nowMs);
  return [key.hash, old.hash].flatMap((hash) => after.filter((each) => each.hash === hash));
}

function revoke(sql: SqlStorage, nowMs: number, key: Key, evenLast: boolean): Key[] | ErrorCode {
  if (key.revokedAtMs !== undefined) return [key];
  const others = allKeys(sql, nowMs).filter(({ id }) => id !== key.id);
  if (isLasting(key) && !others.some(isLasting) && !evenLast) return "last_key";
  sql.exec("UPDATE key SET revoked_at_ms = ? WHERE hash = ?", nowMs, key.hash);
  return [{ ...key, revokedAtMs: nowMs }];
}

/** Every key that is remembered, newest first. */
function allKeys(sql: SqlStorage, nowMs: number): Key[] {
  return sql
    .exec<Row>("SELECT * FROM key ORDER BY created_at_ms DESC, id")
    .toArray()
    .map((row) => toKey(row, nowMs));
}

/** Whether a key works and is not to end by itself. */
function isLasting({ revokedAtMs, expiresAtMs }: Key): boolean {
  return revokedAtMs === undefined && expiresAtMs === undefined;
}

/** Of keys that open nothing any more, only so many are remembered. */
function forgetOldest(sql: SqlStorage, nowMs: number): void {
  sql.exec(
    `DELETE FROM key WHERE hash IN (
       SELECT hash FROM key WHERE revoked_at_ms IS NOT NULL OR expires_at_ms <= ?1
       ORDER BY coalesce(revoked_at_ms, expires_at_ms), id
       LIMIT max(0, (SELECT count(*) FROM key) - ?2))`,
    nowMs,
    KEYS_KEPT_MAX,
  );
}

function hasEnded({ revoked_at_ms, expires_at_ms }: Row, nowMs: number): boolean {
  return revoked_at_ms !== null || (expires_at_ms !== null && expires_at_ms <= nowMs);
}

function toKey(row: Row, nowMs: number): Key {
  return {
    id: row.id,
    hash: row.hash,
    name: row.name ?? undefined,
    createdAtMs: row.created_at_ms,
    lastUsedAtMs: row.last_used_at_ms ?? undefined,
    expiresAtMs: row.expires_at_ms ?? undefined,
    revokedAtMs: hasEnded(row, nowMs)
      ? (row.revoked_at_ms ?? row.expires_at_ms ?? nowMs)
      : undefined,
  };
}
