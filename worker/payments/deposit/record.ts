// What a deposit keeps of itself, in its tables. The caller holds the transaction.

import type { DepositRef } from "../objects.ts";
import type { Due, Standing, State } from "./judge.ts";

export type Deposited = Standing & {
  ref: DepositRef;
  accountId: string;
  isReleased: boolean;
  sinceMs: number;
  version: number;
  isTold: boolean;
  failures: number;
};

type Row = {
  chain_id: number;
  tx_hash: `0x${string}`;
  recipient: `0x${string}`;
  account_id: string;
  state: State;
  round: number;
  amount_micro: number;
  block_number: number;
  block_hash: `0x${string}`;
  confirmations: number;
  is_released: number;
  since_ms: number;
  version: number;
  told_version: number;
  failures: number;
};

export function readDeposit(sql: SqlStorage): Deposited | undefined {
  const [row] = sql.exec<Row>("SELECT * FROM deposit").toArray();
  if (row === undefined) return undefined;
  return {
    ref: { chainId: row.chain_id, txHash: row.tx_hash, recipient: row.recipient },
    accountId: row.account_id,
    state: row.state,
    round: row.round,
    amountMicro: row.amount_micro,
    block: { number: row.block_number, hash: row.block_hash },
    confirmations: row.confirmations,
    isReleased: row.is_released === 1,
    sinceMs: row.since_ms,
    version: row.version,
    isTold: row.told_version === row.version,
    failures: row.failures,
  };
}

/** Writes what it is now, and what is due for it. */
export function writeStanding(
  sql: SqlStorage,
  nowMs: number,
  of: Pick<Deposited, "ref" | "accountId">,
  { after, due }: { after: Standing; due: Due[] },
): void {
  sql.exec(
    `INSERT INTO deposit VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, ?11, 1, 0, 0)
     ON CONFLICT (only) DO UPDATE SET
       since_ms = CASE WHEN state = ?5 THEN since_ms ELSE ?11 END, version = version + 1,
       state = ?5, round = ?6, amount_micro = ?7, block_number = ?8, block_hash = ?9,
       confirmations = ?10`,
    of.ref.chainId,
    of.ref.txHash,
    of.ref.recipient,
    of.accountId,
    after.state,
    after.round,
    after.amountMicro,
    after.block.number,
    after.block.hash,
    after.confirmations,
    nowMs,
  );
  for (const { kind, round, amountMicro } of due) {
    sql.exec(
      "INSERT INTO due (kind, round, amount_micro) VALUES (?, ?, ?)",
      kind,
      round,
      amountMicro,
    );
  }
}

/** What is to be booked, in order. */
export function readDue(sql: SqlStorage): (Due & { number: number })[] {
  return sql
    .exec<{ number: number; kind: Due["kind"]; round: number; amount_micro: number }>(
      "SELECT * FROM due ORDER BY number",
    )
    .toArray()
    .map(({ number, kind, round, amount_micro }) => ({
      number,
      kind,
      round,
      amountMicro: amount_micro,
    }));
}

export function forgetDue(sql: SqlStorage, number: number): void {
  sql.exec("DELETE FROM due WHERE number = ?", number);
}

export function noteTold(sql: SqlStorage, version: number): void {
  sql.exec("UPDATE deposit SET told_version = ?", version);
}

export function noteFailures(sql: SqlStorage, failures: number): void {
  sql.exec("UPDATE deposit SET failures = ?", failures);
}

export function release(sql: SqlStorage): void {
  sql.exec("UPDATE deposit SET is_released = 1");
}
