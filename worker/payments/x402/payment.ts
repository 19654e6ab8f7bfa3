// One payment, under the name that the chain makes unique: payer and nonce. It is bound to one request
// before anybody settles it, so that it buys one thing once, and has one of them at a time settle it.
// What it has bought is booked after it is written here that it came, under its own name; whatever dies
// in between is made up for by whoever asks next, or by the alarm. The alarm also looks whether the
// chain still has it, and has the account give back what the chain has dropped.

import { DurableObject } from "cloudflare:workers";
import {
  PAID_ANSWER_KEPT_MS,
  PAYMENT_FINAL_AFTER_MS,
  PAYMENT_LEASE_MS,
  PAYMENT_SAFE_AFTER_MS,
} from "../../../shared/limits.ts";
import { NETWORKS, type NetworkName } from "../../../shared/networks.ts";
import { type Env, settingsOf } from "../../env.ts";
import { hasTables, migrate } from "../../migrate.ts";
import { withAccount } from "../../objects.ts";
import { withTreasury } from "../objects.ts";
import { blockAt, type Found, find, isAuthorizationUsed } from "./evidence.ts";
import { detailOf, nodeOf, secondNodeOf } from "./node.ts";
import { PAYMENT_MIGRATIONS } from "./payment-schema.ts";
import type { Hex } from "./wire.ts";

/** What a payment buys: credits for an account, an account with its first key, or one execution. */
export type Purchase =
  | { purpose: "topup"; accountId: string }
  | { purpose: "key"; accountId: string; keyHash: string; keyId: string }
  | { purpose: "run" };

/** A payment that is about to be settled, and the one request it is for. */
export type Beginning = {
  id: string;
  binding: string;
  purchase: Purchase;
  network: NetworkName;
  payer: Hex;
  payTo: Hex;
  nonce: Hex;
  amountMicro: number;
  validBeforeMs: number;
  sinceBlock: number;
};

/** What can be shown for a payment that came. */
export type Receipt = { transaction: Hex; payer: Hex; amountMicro: number; network: NetworkName };

/**
 * Where a payment stands for whoever presents it. `elsewhere`: it is for another request; `open`: it
 * has not come, as far as is known here; `served`: the execution it paid for has run.
 */
export type Standing =
  | { is: "elsewhere" | "served"; receipt: Receipt | undefined; answer?: string }
  | { is: "busy" }
  | { is: "open"; sinceBlock: number }
  | { is: "paid"; receipt: Receipt };

type Row = {
  id: string;
  binding: string;
  purpose: Purchase["purpose"];
  account_id: string | null;
  key_hash: string | null;
  key_id: string | null;
  network: NetworkName;
  payer: Hex;
  pay_to: Hex;
  nonce: Hex;
  amount_micro: number;
  valid_before_ms: number;
  since_block: number;
  created_at_ms: number;
  state: "begun" | "refused" | "lapsed" | "paid" | "reversed";
  is_served: number;
  busy_until_ms: number;
  tx: Hex | null;
  block: number | null;
  paid_at_ms: number | null;
  round: number;
  is_applied: number;
  depth: "latest" | "safe" | "final";
};

/** How long it is waited before something that failed is tried again. */
const AGAIN_MS = 15_000;
const MINUTE_MS = 60_000;
/** Where an execution was paid for by itself, in the operator's books. */
const NO_ACCOUNT = "none";

export class Payment extends DurableObject<Env> {
  readonly #sql: SqlStorage;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    if (hasTables(this.#sql)) migrate(ctx.storage, PAYMENT_MIGRATIONS);
  }

  /** Where it stands; `undefined` when it was never begun. Changes nothing. */
  look(binding: string): Standing | undefined {
    const row = this.#row();
    return row && this.#standing(row, binding);
  }

  /** Binds it to a request and has the caller settle it, or says where it stands. */
  begin(beginning: Beginning): Standing {
    const nowMs = Date.now();
    const row = this.#row();
    const standing = row && this.#standing(row, beginning.binding);
    if (standing !== undefined && standing.is !== "open") return standing;
    this.ctx.storage.transactionSync(() => {
      if (row === undefined) this.#add(beginning, nowMs);
      this.#sql.exec(
        "UPDATE payment SET busy_until_ms = ?, state = CASE state WHEN 'reversed' THEN state ELSE 'begun' END",
        nowMs + PAYMENT_LEASE_MS,
      );
    });
    this.#wake(nowMs);
    return { is: "open", sinceBlock: row?.since_block ?? beginning.sinceBlock };
  }

  /** Nothing was taken, and the payer may sign anew; if it comes after all, it counts as ever. */
  refuse(): void {
    this.#sql.exec(
      "UPDATE payment SET busy_until_ms = 0, state = CASE state WHEN 'begun' THEN 'refused' ELSE state END",
    );
  }

  /** Lets the next one settle it, or run what it paid for. */
  release(): void {
    if (this.#row() !== undefined) this.#sql.exec("UPDATE payment SET busy_until_ms = 0");
  }

  /** It is on the chain. Books what it bought; returns what there is now at its account. */
  async confirm(found: Found): Promise<{ receipt: Receipt; balanceMicro: number | undefined }> {
    await this.#apply();
    this.#came(found, Date.now());
    this.#wake(Date.now());
    return await this.hand();
  }

  /** Books what it bought, if that is not done yet. A run is handed to one at a time. */
  async hand(): Promise<{ receipt: Receipt; balanceMicro: number | undefined }> {
    const balanceMicro = await this.#apply();
    const receipt = receiptOf(this.#must());
    if (receipt === undefined) throw new Error("a payment is handed over that has not come");
    return { receipt, balanceMicro };
  }

  /** Takes the run that it paid for, until `untilMs`; false when somebody else has it, or had it. */
  claim(untilMs: number): boolean {
    const row = this.#must();
    if (row.state !== "paid" || row.is_served === 1 || row.busy_until_ms > Date.now()) return false;
    this.#sql.exec("UPDATE payment SET busy_until_ms = ?", untilMs);
    return true;
  }

  /** The run that it paid for has run. */
  serve(): void {
    this.#sql.exec("UPDATE payment SET is_served = 1, busy_until_ms = 0");
  }

  /** Keeps what the run came to, for a payer who lost it. */
  keep(body: string): void {
    this.#sql.exec("INSERT OR REPLACE INTO answer VALUES (1, ?, ?)", body, Date.now());
    this.#wake(Date.now());
  }

  /** Looks at the chain again, makes up for what was not booked, and forgets what need not be kept. */
  override async alarm(): Promise<void> {
    if (this.#row() === undefined) return;
    try {
      // What is due is booked before anything new is, so that the ledger hears of each round in its turn.
      await this.#apply();
      await this.#lookAgain();
      await this.#apply();
    } catch (thrown) {
      console.error(JSON.stringify({ payment: this.#must().id, detail: detailOf(thrown) }));
    }
    const nowMs = Date.now();
    this.#sql.exec("DELETE FROM answer WHERE at_ms <= ?", nowMs - PAID_ANSWER_KEPT_MS);
    this.#wake(nowMs);
  }

  #standing(row: Row, binding: string): Standing {
    const receipt = receiptOf(row);
    if (row.binding !== binding) return { is: "elsewhere", receipt };
    if (row.is_served === 1) {
      const [kept] = this.#sql.exec<{ body: string }>("SELECT body FROM answer").toArray();
      return { is: "served", receipt, ...(kept && { answer: kept.body }) };
    }
    if (row.busy_until_ms > Date.now()) return { is: "busy" };
    if (row.state === "paid" && receipt !== undefined) return { is: "paid", receipt };
    return { is: "open", sinceBlock: row.since_block };
  }

  #add(beginning: Beginning, nowMs: number): void {
    if (!hasTables(this.#sql)) migrate(this.ctx.storage, PAYMENT_MIGRATIONS);
    const { purchase } = beginning;
    this.#sql.exec(
      `INSERT INTO payment (only, id, binding, purpose, account_id, key_hash, key_id, network, payer,
         pay_to, nonce, amount_micro, valid_before_ms, since_block, created_at_ms, state, is_served,
         busy_until_ms, round, is_applied, depth)
       VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'begun', 0, 0, 0, 1, 'latest')`,
      beginning.id,
      beginning.binding,
      purchase.purpose,
      purchase.purpose === "run" ? null : purchase.accountId,
      purchase.purpose === "key" ? purchase.keyHash : null,
      purchase.purpose === "key" ? purchase.keyId : null,
      beginning.network,
      beginning.payer,
      beginning.payTo,
      beginning.nonce,
      beginning.amountMicro,
      beginning.validBeforeMs,
      beginning.sinceBlock,
      nowMs,
    );
  }

  /** Writes down that it came. It may have been known, and it may have been gone meanwhile. */
  #came({ transaction, block }: Found, nowMs: number): void {
    this.#sql.exec(
      `UPDATE payment SET tx = ?1, block = ?2, paid_at_ms = coalesce(paid_at_ms, ?3),
         round = round + (state <> 'paid'), is_applied = is_applied * (state = 'paid'),
         busy_until_ms = CASE WHEN state = 'paid' THEN busy_until_ms ELSE 0 END, state = 'paid'`,
      transaction,
      block,
      nowMs,
    );
  }

  /** Has the account's ledger say what this row says. Repeatable; the row is asked again afterwards. */
  async #apply(): Promise<number | undefined> {
    const row = this.#must();
    const { id: ref, state, round, tx, account_id: accountId } = row;
    if (round === 0 || tx === null) return undefined;
    const isIn = state === "paid";
    const amountMicro = row.amount_micro;
    let balanceMicro: number | undefined;
    if (accountId !== null) {
      const booking = isIn
        ? { kind: "purchase" as const, ref, round, amountMicro, transaction: tx }
        : { kind: "reversal" as const, ref, round };
      const booked = await withAccount(this.env, accountId, async (account) => {
        if (row.key_hash !== null && row.key_id !== null) {
          await account.create({ keyHash: row.key_hash, keyId: row.key_id, grantMicro: 0 });
        }
        return await account.apply(booking);
      });
      if (booked?.result !== "booked" && booked?.result !== "exists") {
        throw new Error(`a payment could not be booked: ${booked?.result}`);
      }
      balanceMicro = booked.balanceMicro;
    }
    if (row.is_applied === 1) return balanceMicro;
    const kind = isIn ? "purchase" : "reversal";
    const whose = { accountId: accountId ?? NO_ACCOUNT, txHash: tx, atMs: Date.now() };
    await withTreasury(this.env, NETWORKS[row.network].chainId, async (treasury) => {
      await treasury.note({ ref, kind, round, amountMicro, ...whose });
    });
    this.#sql.exec(
      "UPDATE payment SET is_applied = 1 WHERE round = ? AND (state = 'paid') = ?",
      round,
      Number(isIn),
    );
    return balanceMicro;
  }

  async #lookAgain(): Promise<void> {
    const row = this.#must();
    if (isSettled(row) || settingsOf(this.env).PAYMENTS_NETWORK !== row.network) return;
    const ask = nodeOf(this.env);
    const network = NETWORKS[row.network];
    const { payer: from, pay_to: to, nonce, amount_micro: amountMicro } = row;
    const where = { sinceBlock: row.since_block, hint: row.tx ?? undefined };
    const terms = { from, to, nonce, amountMicro };
    const found = await find(ask, network, terms, where);
    if (found !== undefined) {
      this.#came(found, Date.now());
      const safe = await blockAt(ask, "safe");
      const final = await blockAt(ask, "finalized");
      const depth =
        found.block <= final.number ? "final" : found.block <= safe.number ? "safe" : "latest";
      this.#sql.exec("UPDATE payment SET depth = ? WHERE tx = ?", depth, found.transaction);
      return;
    }
    const isUsed = await isAuthorizationUsed(ask, network.usdc, { from, nonce });
    const head = await blockAt(ask, "latest");
    const isOver = head.atMs > row.valid_before_ms;
    if (row.state === "paid") {
      // A node that is behind, or does not know its own logs, is no reason to take anything back.
      const second = secondNodeOf(this.env);
      const isThere = second !== undefined && (await find(second, network, terms, where));
      if (isThere || isUsed || head.number < (row.block ?? 0)) {
        throw new Error("a payment is not to be found, and not known to be gone");
      }
      this.#sql.exec(
        "UPDATE payment SET state = 'reversed', is_applied = 0 WHERE state = 'paid' AND round = ?",
        row.round,
      );
      return;
    }
    if (row.state === "reversed") {
      const final = await blockAt(ask, "finalized");
      if (final.atMs > row.valid_before_ms) this.#sql.exec("UPDATE payment SET depth = 'final'");
      return;
    }
    if (isOver) this.#sql.exec("UPDATE payment SET state = 'lapsed' WHERE state <> 'paid'");
  }

  /** Sets the alarm for what is due next. */
  #wake(nowMs: number): void {
    const row = this.#must();
    const [answer] = this.#sql.exec<{ at_ms: number }>("SELECT at_ms FROM answer").toArray();
    const times = [
      row.is_applied === 0 ? nowMs + AGAIN_MS : undefined,
      isSettled(row) ? undefined : lookAtMs(row, nowMs),
      answer && Math.max(nowMs + MINUTE_MS, answer.at_ms + PAID_ANSWER_KEPT_MS),
    ].filter((time) => time !== undefined);
    if (times.length > 0) void this.ctx.storage.setAlarm(Math.min(...times));
  }

  #row(): Row | undefined {
    if (!hasTables(this.#sql)) return undefined;
    return this.#sql.exec<Row>("SELECT * FROM payment").toArray()[0];
  }

  #must(): Row {
    const row = this.#row();
    if (row === undefined) throw new Error("this payment was never begun");
    return row;
  }
}

/** Whether nothing that the chain may do changes anything any more. */
function isSettled({ state, depth }: Row): boolean {
  return state === "lapsed" || depth === "final";
}

function lookAtMs({ state, depth, paid_at_ms: paidAtMs, created_at_ms }: Row, nowMs: number) {
  if (paidAtMs === null) return nowMs + (nowMs < created_at_ms + MINUTE_MS ? AGAIN_MS : MINUTE_MS);
  if (state === "reversed") return nowMs + MINUTE_MS;
  const afterMs = depth === "safe" ? PAYMENT_FINAL_AFTER_MS : PAYMENT_SAFE_AFTER_MS;
  return Math.max(nowMs + MINUTE_MS, paidAtMs + afterMs);
}

function receiptOf({ tx, payer, amount_micro: amountMicro, network }: Row): Receipt | undefined {
  return tx === null ? undefined : { transaction: tx, payer, amountMicro, network };
}
