// What becomes of an account's records by time alone: what is due ends, and what is too old is
// forgotten. The caller holds the transaction and sets the alarm.

import * as claims from "./claims.ts";
import * as executions from "./executions.ts";
import * as ledger from "./ledger.ts";
import * as sessions from "./sessions.ts";

/**
 * Ends and forgets what is due, and says which executions were given up. May be repeated, as alarms
 * are.
 */
export function doUpkeep(sql: SqlStorage, nowMs: number): executions.GivenUp[] {
  ledger.expireHolds(sql, nowMs);
  const givenUp = executions.giveUpExecutions(sql, nowMs);
  for (const { sessionId, dueAtMs } of givenUp) {
    if (sessionId !== undefined) sessions.touchSession(sql, dueAtMs, sessionId);
  }
  sessions.expireSessions(sql, nowMs);
  sessions.purgeSessions(sql, nowMs);
  executions.purgeExecutions(sql, nowMs);
  claims.purgeClaims(sql, nowMs);
  return givenUp;
}

/** When something is due, or `undefined`: holds at once, and the rest no sooner than `laterMs`. */
export function nextDueAtMs(sql: SqlStorage, laterMs: number): number | undefined {
  const upkeep = earliest(
    sessions.nextSessionDueAtMs(sql),
    executions.nextExecutionDueAtMs(sql),
    claims.nextClaimDueAtMs(sql),
  );
  return earliest(ledger.nextExpiryAtMs(sql), upkeep && Math.max(upkeep, laterMs));
}

function earliest(...times: (number | undefined)[]): number | undefined {
  const known = times.filter((atMs) => atMs !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
