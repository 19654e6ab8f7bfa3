// The one treasury of a chain. It gives each account a deposit address of its own, which no other account
// will ever have; it searches the chain for transfers to them, so that nobody has to claim; and it keeps
// the operator's books: every amount that was credited or taken back, with its transaction. It is asked
// seldom: once for an address, and once for each amount. It credits nothing itself.

import { DurableObject } from "cloudflare:workers";
import {
  ADDRESS_WATCHED_MS,
  DEPOSIT_RETRY_MS,
  DEPOSIT_RETRY_MS_MAX,
  SCAN_BLOCKS_MAX,
  SCAN_EVERY_MS,
} from "../../../shared/limits.ts";
import type { Env } from "../../env.ts";
import { hasTables, migrate } from "../../migrate.ts";
import { depositAddress } from "../addresses.ts";
import { withDeposit } from "../objects.ts";
import { rpcOf } from "../rpc.ts";
import { type DepositSettings, depositSettingsOf } from "../settings.ts";
import { TREASURY_MIGRATIONS } from "./schema.ts";
import { noteFound, search } from "./search.ts";

type Hex = `0x${string}`;

/** An amount that an account was given, or that was taken back from it. */
export type Note = {
  ref: string;
  kind: "deposit" | "purchase" | "reversal";
  /** The first is 1. */
  round?: number;
  accountId: string;
  /** How much, whichever way it went. */
  amountMicro: number;
  txHash: string;
  atMs: number;
};

export type NumberedNote = Required<Note> & { number: number };

/** An address that was given out. */
export type GivenAddress = { address: Hex; accountId: string; xpub: string; place: number };

const HANDED_ON_MAX = 100;

export class Treasury extends DurableObject<Env> {
  readonly #sql: SqlStorage;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    if (hasTables(this.#sql)) migrate(ctx.storage, TREASURY_MIGRATIONS);
  }

  /** The account's address below this extended key, which is made when it is first asked for. */
  async addressOf(accountId: string, xpub: string): Promise<Hex> {
    this.#migrate();
    const nowMs = Date.now();
    const address = this.ctx.storage.transactionSync(() => {
      const [known] = this.#sql
        .exec<{ address: Hex }>(
          "UPDATE address SET asked_at_ms = ? WHERE account_id = ? AND xpub = ? RETURNING address",
          nowMs,
          accountId,
          xpub,
        )
        .toArray();
      return known?.address ?? this.#giveOut(nowMs, accountId, xpub);
    });
    await this.wake();
    return address;
  }

  /** Writes an amount into the books. Repeatable with its ref, kind and round. */
  note({ ref, kind, round = 1, accountId, amountMicro, txHash, atMs }: Note): void {
    this.#migrate();
    this.#sql.exec(
      `INSERT INTO note (ref, kind, round, account_id, amount_micro, tx_hash, at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (ref, kind, round) DO NOTHING`,
      ref,
      kind,
      round,
      accountId,
      amountMicro,
      txHash,
      atMs,
    );
  }

  /** The books from one note on, oldest first. */
  listNotes({ after, most }: { after: number; most: number }): NumberedNote[] {
    if (!hasTables(this.#sql)) return [];
    return this.#sql
      .exec<NumberedNote>(
        `SELECT number, ref, kind, round, account_id AS accountId, amount_micro AS amountMicro,
           tx_hash AS txHash, at_ms AS atMs FROM note WHERE number > ? ORDER BY number LIMIT ?`,
        after,
        most,
      )
      .toArray();
  }

  /** The addresses from one place on that were given out below an extended key. */
  listAddresses(xpub: string, { from, most }: { from: number; most: number }): GivenAddress[] {
    if (!hasTables(this.#sql)) return [];
    return this.#sql
      .exec<GivenAddress>(
        `SELECT address, account_id AS accountId, xpub, place FROM address
         WHERE xpub = ? AND place >= ? ORDER BY place LIMIT ?`,
        xpub,
        from,
        most,
      )
      .toArray();
  }

  /** Sees to it that the chain is searched, should it have come to a stop. */
  async wake(): Promise<void> {
    if (!hasTables(this.#sql) || (await this.ctx.storage.getAlarm()) !== null) return;
    await this.ctx.storage.setAlarm(Date.now() + SCAN_EVERY_MS);
  }

  /** Searches on, and hands on what was found. */
  override async alarm(): Promise<void> {
    if (!hasTables(this.#sql)) return;
    const { failures } = this.#sql.exec<{ failures: number }>("SELECT failures FROM search").one();
    const settings = depositSettingsOf(this.env);
    // Switched off: it begins again with the next address that is asked for, or by the clock.
    if (settings === undefined) return;
    try {
      const isBehind = await this.#search(settings, failures);
      await this.#handOn(settings);
      this.#sql.exec("UPDATE search SET failures = 0");
      await this.ctx.storage.setAlarm(Date.now() + (isBehind ? 0 : SCAN_EVERY_MS));
    } catch (thrown) {
      console.error(JSON.stringify({ search: failures + 1, detail: String(thrown) }));
      this.#sql.exec("UPDATE search SET failures = failures + 1");
      const waitMs = Math.min(DEPOSIT_RETRY_MS * 2 ** failures, DEPOSIT_RETRY_MS_MAX);
      await this.ctx.storage.setAlarm(Date.now() + waitMs);
    }
  }

  async #search({ network, rpcUrl }: DepositSettings, failures: number): Promise<boolean> {
    const nowMs = Date.now();
    const watched = this.#sql
      .exec<{ address: Hex }>(
        "SELECT address FROM address WHERE asked_at_ms > ?",
        nowMs - ADDRESS_WATCHED_MS,
      )
      .toArray()
      .map(({ address }) => address);
    if (watched.length === 0) return false;
    const { block } = this.#sql
      .exec<{ block: number | null }>("SELECT block_number AS block FROM search")
      .one();
    const { transfers, searchedTo, isBehind } = await search(rpcOf(rpcUrl), network, {
      addresses: watched,
      searchedTo: block ?? undefined,
      agoMs: block === null ? nowMs - this.#firstMadeAtMs() : 0,
      // A node that refuses so many blocks, or has too much to say of them, is asked for fewer.
      blocksMax: Math.max(1, Math.floor(SCAN_BLOCKS_MAX / 2 ** failures)),
    });
    // What was found is written down with how far was searched, so that none is lost between the two.
    this.ctx.storage.transactionSync(() => {
      for (const transfer of transfers) noteFound(this.#sql, transfer);
      this.#sql.exec("UPDATE search SET block_number = ?", searchedTo);
      this.#sql.exec(
        "DELETE FROM found WHERE is_done = 1 AND block_number < ?",
        searchedTo - 10_000,
      );
    });
    return isBehind;
  }

  /** Each that was found looks at the chain for itself; what goes wrong is handed on again. */
  async #handOn({ network }: DepositSettings): Promise<void> {
    const found = this.#sql
      .exec<{ tx_hash: Hex; recipient: Hex; account_id: string; block_hash: Hex }>(
        "SELECT * FROM found WHERE is_done = 0 ORDER BY block_number LIMIT ?",
        HANDED_ON_MAX,
      )
      .toArray();
    const troubles: string[] = [];
    for (const { tx_hash: txHash, recipient, account_id: accountId, block_hash } of found) {
      const ref = { chainId: network.chainId, txHash, recipient };
      const answer = await withDeposit(this.env, ref, async (deposit) => {
        return await deposit.claim({ ref, accountId });
      }).catch((thrown) => ({ result: "trouble", detail: String(thrown) }));
      const { result } = answer;
      if (result === "trouble") troubles.push(txHash);
      // One node has it and another does not yet, or not any more: it will be found again, if it is there.
      const isElsewhere = result === "unknown" || result === "waiting";
      const cross = isElsewhere ? "DELETE FROM found" : "UPDATE found SET is_done = 1";
      const where = "WHERE tx_hash = ? AND recipient = ? AND block_hash = ?";
      if (result !== "trouble") this.#sql.exec(`${cross} ${where}`, txHash, recipient, block_hash);
    }
    if (troubles.length > 0) throw new Error(`not handed on: ${troubles.join(", ")}`);
  }

  #firstMadeAtMs(): number {
    return this.#sql.exec<{ ms: number }>("SELECT min(made_at_ms) AS ms FROM address").one().ms;
  }

  #giveOut(nowMs: number, accountId: string, xpub: string): Hex {
    const { place } = this.#sql
      .exec<{ place: number }>(
        "SELECT 1 + coalesce(max(place), -1) AS place FROM address WHERE xpub = ?",
        xpub,
      )
      .one();
    const address = depositAddress(xpub, place);
    this.#sql.exec(
      "INSERT INTO address VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
      address,
      accountId,
      xpub,
      place,
      nowMs,
    );
    return address;
  }

  #migrate(): void {
    if (!hasTables(this.#sql)) migrate(this.ctx.storage, TREASURY_MIGRATIONS);
  }
}
