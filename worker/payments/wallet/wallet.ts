// What one account has to do with deposits on one chain: the address to pay to, and what came of those
// that were seen. It decides nothing about money: the deposits tell it what they are. The treasury is asked
// for an address once, and told now and then that it is still in use.

import { DurableObject } from "cloudflare:workers";
import {
  ADDRESS_WATCHED_MS,
  DEPOSIT_CLAIMS_PER_MINUTE,
  LISTED_DEPOSITS_MAX,
  RATE_WINDOW_MS,
} from "../../../shared/limits.ts";
import type { Env } from "../../env.ts";
import { hasTables, migrate } from "../../migrate.ts";
import { forget, waitMs } from "../../rate.ts";
import type { DepositView } from "../deposit/deposit.ts";
import { withTreasury } from "../objects.ts";
import { WALLET_MIGRATIONS } from "./schema.ts";

type Hex = `0x${string}`;

/** Whose wallet it is, on which chain, and what addresses are derived from now. */
export type WalletOf = { chainId: number; accountId: string; xpub: string };

/** A deposit as the wallet lists it. */
export type Listed = DepositView & { seenAtMs: number };

type Row = {
  tx_hash: Hex;
  recipient: Hex;
  chain_id: number;
  state: DepositView["state"];
  amount_micro: number;
  confirmations: number;
  required: number;
  block_number: number;
  version: number;
  seen_at_ms: number;
};

/** How often the treasury is told that an address is in use. */
const TOLD_AGAIN_MS = ADDRESS_WATCHED_MS / 10;

export class Wallet extends DurableObject<Env> {
  readonly #sql: SqlStorage;
  readonly #claimedAtMs: number[] = [];

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    if (hasTables(this.#sql)) migrate(ctx.storage, WALLET_MIGRATIONS);
  }

  /** The account's addresses, the one to pay to first. All of them stay its own. */
  async addresses(of: WalletOf): Promise<Hex[]> {
    const nowMs = Date.now();
    const [newest] = this.#addresses();
    const isFresh = newest !== undefined && nowMs - newest.asked_at_ms < TOLD_AGAIN_MS;
    if (!isFresh || newest.xpub !== of.xpub) {
      const address = await withTreasury(this.env, of.chainId, async (treasury) => {
        return await treasury.addressOf(of.accountId, of.xpub);
      });
      this.#migrate();
      this.#sql.exec(
        `INSERT INTO address VALUES (?1, ?2, 1 + coalesce((SELECT max(number) FROM address), 0), ?3)
         ON CONFLICT (address) DO UPDATE SET asked_at_ms = ?3`,
        address,
        of.xpub,
        nowMs,
      );
    }
    return this.#addresses().map(({ address }) => address);
  }

  /** Counts a claim; says how long to wait where there were too many. */
  takeClaim(): number {
    const nowMs = Date.now();
    forget(this.#claimedAtMs, RATE_WINDOW_MS, nowMs);
    const limit = DEPOSIT_CLAIMS_PER_MINUTE;
    const retryAfterMs = waitMs(this.#claimedAtMs, limit, RATE_WINDOW_MS, nowMs);
    if (retryAfterMs === 0) this.#claimedAtMs.push(nowMs);
    return retryAfterMs;
  }

  /** Takes in what a deposit says of itself; what is older than is known changes nothing. */
  note({ ref, state, amountMicro, version, ...view }: DepositView): void {
    this.#migrate();
    this.#sql.exec(
      `INSERT INTO deposit (tx_hash, recipient, chain_id, state, amount_micro, confirmations,
         required, block_number, version, seen_at_ms)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
       ON CONFLICT (tx_hash, recipient) DO UPDATE SET state = ?4, amount_micro = ?5,
         confirmations = ?6, block_number = ?8, version = ?9 WHERE version < ?9`,
      ref.txHash,
      ref.recipient,
      ref.chainId,
      state,
      amountMicro,
      view.confirmations,
      view.required,
      view.blockNumber,
      version,
      Date.now(),
    );
  }

  /** The newest deposits; or those of one transaction. */
  list(txHash?: Hex): Listed[] {
    if (!hasTables(this.#sql)) return [];
    return this.#sql
      .exec<Row>(
        "SELECT * FROM deposit WHERE ?1 IS NULL OR tx_hash = ?1 ORDER BY number DESC LIMIT ?2",
        txHash ?? null,
        LISTED_DEPOSITS_MAX,
      )
      .toArray()
      .map((row) => ({
        ref: { chainId: row.chain_id, txHash: row.tx_hash, recipient: row.recipient },
        state: row.state,
        amountMicro: row.amount_micro,
        confirmations: row.confirmations,
        required: row.required,
        blockNumber: row.block_number,
        version: row.version,
        seenAtMs: row.seen_at_ms,
      }));
  }

  #addresses() {
    if (!hasTables(this.#sql)) return [];
    return this.#sql
      .exec<{ address: Hex; xpub: string; asked_at_ms: number }>(
        "SELECT address, xpub, asked_at_ms FROM address ORDER BY number DESC",
      )
      .toArray();
  }

  #migrate(): void {
    if (!hasTables(this.#sql)) migrate(this.ctx.storage, WALLET_MIGRATIONS);
  }
}
