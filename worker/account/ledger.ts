// The ledger of one account, in two phases: an amount is reserved before work begins, and the hold
// is then resolved once, by settling (what was not used comes back), by voiding, or by expiring.
// Funds are checked when they are reserved, so settling cannot fail for lack of them. Entries are
// never changed: a resolution is a new entry naming the hold. Ids are made by the caller, so every
// call may be repeated and the answer says what had already happened.
// The caller holds the transaction; nothing here knows of keys, rates or clocks.

/** The id of the grant that an account is opened with. */
export const OPENING = "opening";

/** Ends the id of what is taken for a hold that had been returned. */
const LATE = ":late";

/** How a hold ended, in the ledger's own words. */
type Ending = "settle" | "void" | "expire";

/**
 * What reserving came to. `exists`: this id was reserved before and nothing changed now; `over`: and
 * that hold has been resolved since.
 */
export type Reserved = {
  result: "reserved" | "exists" | "over" | "no_funds";
  heldMicro: number;
  balanceMicro: number;
};

/** What settling or voiding came to. Only the first word of each kind changed anything. */
export type Resolved =
  | "settled"
  | "voided"
  | "already_settled"
  | "already_voided"
  | "already_expired"
  | "unknown_hold";

/** What can be spent now, in micro-USDC: the sum of all entries, kept on the last one. */
export function balanceMicro(sql: SqlStorage): number {
  const last = sql
    .exec<{ balance_micro: number }>("SELECT balance_micro FROM entry ORDER BY number DESC LIMIT 1")
    .toArray()[0];
  return last?.balance_micro ?? 0;
}

/** Adds money from outside: the free credits of a new account, an operator's gift. Once per id. */
export function grant(
  sql: SqlStorage,
  nowMs: number,
  { id, amountMicro }: { id: string; amountMicro: number },
): "granted" | "exists" {
  mustBeAmount(amountMicro);
  const found = sql.exec("SELECT 1 FROM entry WHERE kind = 'grant' AND id = ?", id);
  if (found.toArray().length > 0) return "exists";
  add(sql, { atMs: nowMs, kind: "grant", id, amountMicro });
  return "granted";
}

/**
 * Puts `amountMicro` aside under an id of the caller's making, until `expiresAtMs` at the latest; or
 * all there is, where that is less but not less than `leastMicro`.
 */
export function reserve(
  sql: SqlStorage,
  nowMs: number,
  hold: { id: string; amountMicro: number; leastMicro: number; expiresAtMs: number },
): Reserved {
  mustBeAmount(hold.amountMicro);
  mustBeAmount(hold.leastMicro);
  const beforeMicro = balanceMicro(sql);
  const known = reservedMicro(sql, hold.id);
  if (known !== undefined) {
    const result = openHold(sql, hold.id) === undefined ? "over" : "exists";
    return { result, heldMicro: known, balanceMicro: beforeMicro };
  }
  if (beforeMicro < Math.min(hold.amountMicro, hold.leastMicro)) {
    return { result: "no_funds", heldMicro: 0, balanceMicro: beforeMicro };
  }
  const heldMicro = Math.min(hold.amountMicro, beforeMicro);
  add(sql, { atMs: nowMs, kind: "reserve", id: hold.id, amountMicro: -heldMicro });
  sql.exec(
    "INSERT INTO hold (id, amount_micro, expires_at_ms) VALUES (?, ?, ?)",
    hold.id,
    heldMicro,
    hold.expiresAtMs,
  );
  return { result: "reserved", heldMicro, balanceMicro: beforeMicro - heldMicro };
}

/** Whether a hold of this id was ever made, be it open or not. */
export function isReserved(sql: SqlStorage, holdId: string): boolean {
  return reservedMicro(sql, holdId) !== undefined;
}

/** Charges `chargeMicro` of a hold and returns the rest. A charge above the hold is a bug. */
export function settle(
  sql: SqlStorage,
  nowMs: number,
  holdId: string,
  chargeMicro: number,
): Resolved {
  mustBeAmount(chargeMicro);
  const open = openHold(sql, holdId);
  if (open === undefined) return howItEnded(sql, holdId);
  if (chargeMicro > open.amount_micro) throw new Error("a charge exceeds its hold");
  close(sql, nowMs, holdId, "settle", open.amount_micro - chargeMicro);
  return "settled";
}

/**
 * Charges for work whose end was heard of late. An open hold is settled as ever. Where the hold had
 * been returned meanwhile, what is due is taken anew, or all there is where that is less; once.
 * Returns what the work has cost in all.
 */
export function settleLate(
  sql: SqlStorage,
  nowMs: number,
  holdId: string,
  chargeMicro: number,
): number {
  const resolved = settle(sql, nowMs, holdId, chargeMicro);
  if (resolved === "already_voided" || resolved === "already_expired") {
    const id = `${holdId}${LATE}`;
    const late = { id, amountMicro: chargeMicro, leastMicro: 0, expiresAtMs: nowMs };
    const { result, heldMicro } = reserve(sql, nowMs, late);
    if (result === "reserved") settle(sql, nowMs, id, heldMicro);
  }
  return chargedMicro(sql, holdId);
}

/** What was charged of a hold, in time and late: what its entries have taken away. */
function chargedMicro(sql: SqlStorage, holdId: string): number {
  const { sum } = sql
    .exec<{ sum: number | null }>(
      "SELECT sum(amount_micro) AS sum FROM entry WHERE kind <> 'grant' AND id IN (?, ?)",
      holdId,
      `${holdId}${LATE}`,
    )
    .one();
  return 0 - (sum ?? 0);
}

/** Returns a hold whole, because the work was not done. */
export function voidHold(sql: SqlStorage, nowMs: number, holdId: string): Resolved {
  const open = openHold(sql, holdId);
  if (open === undefined) return howItEnded(sql, holdId);
  close(sql, nowMs, holdId, "void", open.amount_micro);
  return "voided";
}

/** Returns every hold that is past its time. May be repeated, as alarms are. */
export function expireHolds(sql: SqlStorage, nowMs: number): void {
  const due = sql
    .exec<{ id: string; amount_micro: number }>(
      "SELECT id, amount_micro FROM hold WHERE expires_at_ms <= ? ORDER BY expires_at_ms, id",
      nowMs,
    )
    .toArray();
  for (const hold of due) close(sql, nowMs, hold.id, "expire", hold.amount_micro);
}

/** When the next open hold expires, or `undefined` when none is open. */
export function nextExpiryAtMs(sql: SqlStorage): number | undefined {
  const next = sql
    .exec<{ at_ms: number | null }>("SELECT min(expires_at_ms) AS at_ms FROM hold")
    .one();
  return next.at_ms ?? undefined;
}

/** When holds were made after `sinceMs`, oldest first. */
export function reservedSince(sql: SqlStorage, sinceMs: number): number[] {
  const atMs: number[] = [];
  const entries = sql.exec<{ at_ms: number; kind: string; id: string }>(
    "SELECT at_ms, kind, id FROM entry ORDER BY number DESC",
  );
  for (const entry of entries) {
    if (entry.at_ms <= sinceMs) break;
    if (entry.kind === "reserve" && !entry.id.endsWith(LATE)) atMs.push(entry.at_ms);
  }
  return atMs.reverse();
}

/** The hold that an entry's id is about. */
export function holdIdOf(entryId: string): string {
  return entryId.endsWith(LATE) ? entryId.slice(0, -LATE.length) : entryId;
}

/** What was put aside under this id, be the hold open or not. */
function reservedMicro(sql: SqlStorage, holdId: string): number | undefined {
  const [made] = sql
    .exec<{ amount_micro: number }>(
      "SELECT amount_micro FROM entry WHERE kind = 'reserve' AND id = ?",
      holdId,
    )
    .toArray();
  return made === undefined ? undefined : 0 - made.amount_micro;
}

function openHold(sql: SqlStorage, holdId: string): { amount_micro: number } | undefined {
  return sql
    .exec<{ amount_micro: number }>("SELECT amount_micro FROM hold WHERE id = ?", holdId)
    .toArray()[0];
}

function close(
  sql: SqlStorage,
  nowMs: number,
  holdId: string,
  kind: Ending,
  amountMicro: number,
): void {
  add(sql, { atMs: nowMs, kind, id: holdId, amountMicro });
  sql.exec("DELETE FROM hold WHERE id = ?", holdId);
}

function howItEnded(sql: SqlStorage, holdId: string): Resolved {
  const ended = sql
    .exec<{ kind: Ending }>(
      "SELECT kind FROM entry WHERE kind IN ('settle', 'void', 'expire') AND id = ?",
      holdId,
    )
    .toArray()[0];
  if (ended === undefined) return "unknown_hold";
  return ALREADY[ended.kind];
}

const ALREADY = {
  settle: "already_settled",
  void: "already_voided",
  expire: "already_expired",
} as const;

function add(
  sql: SqlStorage,
  entry: {
    atMs: number;
    kind: "grant" | "reserve" | Ending;
    id: string;
    amountMicro: number;
  },
): void {
  sql.exec(
    `INSERT INTO entry (at_ms, kind, id, amount_micro, balance_micro) VALUES (?1, ?2, ?3, ?4,
       ?4 + coalesce((SELECT balance_micro FROM entry ORDER BY number DESC LIMIT 1), 0))`,
    entry.atMs,
    entry.kind,
    entry.id,
    entry.amountMicro,
  );
}

function mustBeAmount(amountMicro: number): void {
  if (!Number.isSafeInteger(amountMicro) || amountMicro < 0) {
    throw new Error(`not an amount of micro-USDC: ${amountMicro}`);
  }
}
