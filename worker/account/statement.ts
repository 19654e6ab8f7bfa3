// What an owner may read of the ledger: what there is, what is put aside, and every entry that led
// there. It writes nothing.

import { balanceMicro, holdIdOf, OPENING } from "./ledger.ts";

/** What an account has, in micro-USDC. */
export type Funds = {
  /** What can be spent now; below zero it is owed. */
  balanceMicro: number;
  /** What is put aside for executions that run. */
  heldMicro: number;
  /** What it was opened with. */
  openingMicro: number;
};

export const ENTRY_KINDS = [
  "grant",
  "reserve",
  "settle",
  "void",
  "expire",
  "deposit",
  "purchase",
  "reversal",
] as const;

/** One entry of a ledger. Entries are numbered in the order they were made. */
export type Entry = {
  number: number;
  atMs: number;
  kind: (typeof ENTRY_KINDS)[number];
  amountMicro: number;
  /** What was there after it. */
  balanceMicro: number;
  /** The execution it is about, if it is about one. */
  executionId: string | undefined;
  /** The transaction that brought the money, if it is about a payment. */
  transaction: string | undefined;
};

type Row = {
  number: number;
  at_ms: number;
  kind: Entry["kind"];
  id: string;
  tx: string | null;
  amount_micro: number;
  balance_micro: number;
};

/** What there is, what is put aside, and what there was at the beginning. */
export function fundsOf(sql: SqlStorage): Funds {
  const held = sql.exec<{ micro: number | null }>("SELECT sum(amount_micro) AS micro FROM hold");
  const [opening] = sql
    .exec<Row>("SELECT * FROM entry WHERE kind = 'grant' AND id = ?", OPENING)
    .toArray();
  return {
    balanceMicro: balanceMicro(sql),
    heldMicro: held.one().micro ?? 0,
    openingMicro: opening?.amount_micro ?? 0,
  };
}

/** Up to `most` entries made before the one numbered `before`, newest first. */
export function listEntries(
  sql: SqlStorage,
  { most, before }: { most: number; before?: number },
): Entry[] {
  return sql
    .exec<Row>(
      "SELECT * FROM entry WHERE number < ? ORDER BY number DESC LIMIT ?",
      before ?? Number.MAX_SAFE_INTEGER,
      most,
    )
    .toArray()
    .map((row) => ({
      number: row.number,
      atMs: row.at_ms,
      kind: row.kind,
      amountMicro: row.amount_micro,
      balanceMicro: row.balance_micro,
      executionId: row.kind === "grant" || row.tx !== null ? undefined : holdIdOf(row.id),
      transaction: row.tx ?? undefined,
    }));
}
