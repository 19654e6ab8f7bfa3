// Which of an account's requests were made under an Idempotency-Key, and what each of them made. A
// claim holds for a day. Where what it made came to nothing, it is as good as none: what was asked may
// be asked again. The caller holds the transaction.

import { IDEMPOTENCY_MS } from "../../shared/limits.ts";

/** A request as it is claimed: digests of its key and of what it asks for. */
export type Claim = { key: string; fingerprint: string };

/** The id of what was made under a key; or that the key was used for something else. */
export function claimed(
  sql: SqlStorage,
  nowMs: number,
  claim: Claim,
): { subject: string } | "idempotency_mismatch" | undefined {
  const [known] = sql
    .exec<{ fingerprint: string; subject: string }>(
      "SELECT fingerprint, subject FROM claim WHERE key = ? AND at_ms > ?",
      claim.key,
      nowMs - IDEMPOTENCY_MS,
    )
    .toArray();
  if (known === undefined) return undefined;
  if (known.fingerprint !== claim.fingerprint) return "idempotency_mismatch";
  return { subject: known.subject };
}

/** The id of what was made under a key, whatever it was asked for with. */
export function subjectOf(sql: SqlStorage, nowMs: number, key: string): string | undefined {
  const query = "SELECT subject FROM claim WHERE key = ? AND at_ms > ?";
  return sql.exec<{ subject: string }>(query, key, nowMs - IDEMPOTENCY_MS).toArray()[0]?.subject;
}

/** Puts a key down to what is made under it, in place of what came to nothing. */
export function addClaim(sql: SqlStorage, nowMs: number, claim: Claim, subject: string): void {
  sql.exec(
    "INSERT OR REPLACE INTO claim (key, fingerprint, subject, at_ms) VALUES (?, ?, ?, ?)",
    claim.key,
    claim.fingerprint,
    subject,
    nowMs,
  );
}

/** Puts a key down to an execution. */
export function claimExecution(sql: SqlStorage, nowMs: number, claim: Claim, id: string): void {
  addClaim(sql, nowMs, claim, id);
  sql.exec("UPDATE execution SET claim_key = ? WHERE id = ?", claim.key, id);
}

/**
 * Whether an execution is remembered, and no other has been run meanwhile for what it was asked for.
 * What was run twice for one request is paid for once.
 */
export function isOwed(sql: SqlStorage, id: string): boolean {
  const own = sql.exec(
    `SELECT 1 FROM execution LEFT JOIN claim ON claim.key = execution.claim_key
     WHERE execution.id = ?1 AND coalesce(claim.subject, ?1) = ?1`,
    id,
  );
  return own.toArray().length > 0;
}

/** Forgets what is too old to be held to. */
export function purgeClaims(sql: SqlStorage, nowMs: number): void {
  sql.exec("DELETE FROM claim WHERE at_ms <= ?", nowMs - IDEMPOTENCY_MS);
}

/** When a claim is next to be forgotten, or `undefined` when none is. */
export function nextClaimDueAtMs(sql: SqlStorage): number | undefined {
  const oldest = sql.exec<{ at_ms: number | null }>("SELECT min(at_ms) AS at_ms FROM claim").one();
  return oldest.at_ms === null ? undefined : oldest.at_ms + IDEMPOTENCY_MS;
}
