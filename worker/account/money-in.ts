// Money that comes into an account from outside: deposits and purchases, to the micro-USDC. What came is
// booked under the reference that its payment has everywhere, so that telling of it twice adds it once.
// A chain can drop what it had: then what was booked is taken back whole, though it be spent, and the
// account owes. What a chain drops it can take in again, which is a new round of the same reference:
// a round begins only when the one before was reversed, so a payment counts once or not at all.
// The first purchase makes an account Pro, unless an operator has said which plan it is to have.

import { balanceMicro } from "./ledger.ts";
import type { Plan } from "./told.ts";

/** Money to be booked, or to be taken back. */
export type Booking =
  | {
      kind: "deposit" | "purchase";
      /** What the payment is called everywhere. */
      ref: string;
      /** The first round is 1. */
      round?: number;
      amountMicro: number;
      /** The transaction that brought it. */
      transaction: string;
    }
  | { kind: "reversal"; ref: string; round?: number };

/**
 * What booking came to. `exists`: it was booked before, and nothing changed; `out_of_turn`: there is
 * nothing to take back, or the round before still stands, or was booked with another amount.
 */
export type Booked = {
  result: "booked" | "exists" | "out_of_turn" | "unknown_account";
  balanceMicro: number;
};

/** What somebody is told who owes. */
export const OWING =
  "A payment was taken back by its chain after it was spent; this account owes until it pays again.";

type Row = { kind: Booking["kind"]; amount_micro: number; tx: string };

const BROUGHT = "kind IN ('deposit', 'purchase')";

/** Books money, or takes it back. Repeatable: the caller holds the transaction. */
export function book(sql: SqlStorage, nowMs: number, booking: Booking): Booked {
  const result =
    booking.kind === "reversal" ? reverse(sql, nowMs, booking) : add(sql, nowMs, booking);
  if (result === "booked") followPlan(sql);
  return { result, balanceMicro: balanceMicro(sql) };
}

/** Gives the account the plan that an operator wants it to have, whatever it buys. */
export function setPlan(sql: SqlStorage, plan: Plan): void {
  sql.exec("UPDATE account SET plan = ?", plan);
  sql.exec("INSERT OR IGNORE INTO plan_choice VALUES (1)");
}

function add(
  sql: SqlStorage,
  nowMs: number,
  { kind, ref, round = 1, amountMicro, transaction }: Exclude<Booking, { kind: "reversal" }>,
): Booked["result"] {
  if (!Number.isSafeInteger(amountMicro) || amountMicro <= 0) {
    throw new Error(`not an amount of micro-USDC: ${amountMicro}`);
  }
  const known = broughtIn(sql, ref, round);
  if (known !== undefined) {
    const isSame = known.kind === kind && known.amount_micro === amountMicro;
    return isSame ? "exists" : "out_of_turn";
  }
  if (round > 1 && !isReversed(sql, ref, round - 1)) return "out_of_turn";
  insert(sql, nowMs, { kind, ref, round, amountMicro, transaction });
  return "booked";
}

function reverse(
  sql: SqlStorage,
  nowMs: number,
  { ref, round = 1 }: Extract<Booking, { kind: "reversal" }>,
): Booked["result"] {
  if (isReversed(sql, ref, round)) return "exists";
  const brought = broughtIn(sql, ref, round);
  if (brought === undefined) return "out_of_turn";
  const { tx: transaction } = brought;
  const amountMicro = 0 - brought.amount_micro;
  insert(sql, nowMs, { kind: "reversal", ref, round, amountMicro, transaction });
  return "booked";
}

function broughtIn(sql: SqlStorage, ref: string, round: number): Row | undefined {
  return sql
    .exec<Row>(
      `SELECT kind, amount_micro, tx FROM entry WHERE ${BROUGHT} AND id = ? AND round = ?`,
      ref,
      round,
    )
    .toArray()[0];
}

function isReversed(sql: SqlStorage, ref: string, round: number): boolean {
  const found = sql.exec(
    "SELECT 1 FROM entry WHERE kind = 'reversal' AND id = ? AND round = ?",
    ref,
    round,
  );
  return found.toArray().length > 0;
}

/** Pro while something was bought that was not taken back; where nobody has chosen otherwise. */
function followPlan(sql: SqlStorage): void {
  sql.exec(
    `UPDATE account SET plan = CASE
       WHEN EXISTS (SELECT 1 FROM entry AS brought WHERE ${BROUGHT} AND NOT EXISTS (
         SELECT 1 FROM entry AS back WHERE back.kind = 'reversal'
           AND back.id = brought.id AND back.round = brought.round))
       THEN 'pro' ELSE 'free' END
     WHERE NOT EXISTS (SELECT 1 FROM plan_choice)`,
  );
}

function insert(
  sql: SqlStorage,
  nowMs: number,
  entry: Pick<Booking, "kind" | "ref"> & {
    round: number;
    amountMicro: number;
    transaction: string;
  },
): void {
  sql.exec(
    `INSERT INTO entry (at_ms, kind, id, round, tx, amount_micro, balance_micro)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
    nowMs,
    entry.kind,
    entry.ref,
    entry.round,
    entry.transaction,
    entry.amountMicro,
    balanceMicro(sql) + entry.amountMicro,
  );
}
