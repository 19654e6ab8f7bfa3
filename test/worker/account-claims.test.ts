// An account whose executions are asked for under keys, and its history, through long lives in a
// random order: with holds that expire, reports that come late or twice, and rows that are removed.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { HISTORY_PIECE_BYTES } from "../../shared/limits.ts";
import { CREDIT_MICRO } from "../../shared/money.ts";
import type { Account } from "../../worker/account/account.ts";
import { checkLedger, type Entry, randomFrom } from "./kit/ledger.ts";

afterEach(() => void vi.useRealTimers());

const KEY_HASH = "ab".repeat(32);
const START_MS = Date.UTC(2100, 0);
const LASTS_MS = 70_000;
const STEPS = 200;
const KEYS = 4;

function clockAt(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: ms });
}

/** A random life, with what must hold checked after every step. */
class Life {
  readonly #account: Account;
  readonly #sql: SqlStorage;
  readonly #pick: (below: number) => number;
  /** What each key was used for first. */
  readonly #fingerprints = new Map<string, string>();
  /** Under which key each execution was let through. */
  readonly #keys = new Map<string, string>();
  #nowMs = START_MS;

  constructor(account: Account, sql: SqlStorage, random: () => number) {
    this.#account = account;
    this.#sql = sql;
    this.#pick = (below) => Math.floor(random() * below);
  }

  async step(): Promise<void> {
    this.#nowMs += this.#pick(LASTS_MS / 10);
    clockAt(this.#nowMs);
    await this.#act(this.#pick(12));
    this.#check();
  }

  async #act(deed: number): Promise<void> {
    const id = `exec-${this.#pick(this.#keys.size + 1)}`;
    if (deed < 5) this.#admit();
    else if (deed < 7) this.#account.settle(id, CREDIT_MICRO, this.#report());
    else if (deed < 8) this.#account.void(id, undefined, "busy");
    else if (deed < 10) this.#account.settleLate(id, CREDIT_MICRO, this.#report());
    else if (deed < 11) await this.#account.alarm();
    else this.#account.removeExecution(KEY_HASH, id);
  }

  #admit(): void {
    const id = `exec-${this.#keys.size}`;
    const claim = { key: `key-${this.#pick(KEYS)}`, fingerprint: `print-${this.#pick(8) && 1}` };
    const hold = { id, amountMicro: CREDIT_MICRO, leastMicro: CREDIT_MICRO, lastsMs: LASTS_MS };
    const intent = { runner: "local", runTimeoutMs: 1000, language: "c" as const };
    const admission = this.#account.admit({ keyHash: KEY_HASH, hold, intent, claim });
    const first = this.#fingerprints.get(claim.key) ?? claim.fingerprint;
    const isMismatch = !admission.ok && admission.code === "idempotency_mismatch";
    expect(isMismatch, "a key is for what it was first used for").toBe(first !== claim.fingerprint);
    if (!admission.ok) return;
    if ("repeats" in admission) {
      const { execution } = admission.repeats;
      expect(this.#keys.get(execution.id), "what is repeated has the same key").toBe(claim.key);
      expect(execution.state).not.toBe("failed");
      return;
    }
    this.#fingerprints.set(claim.key, claim.fingerprint);
    this.#keys.set(id, claim.key);
  }

  #report() {
    const bytes = new Uint8Array(this.#pick(3) * HISTORY_PIECE_BYTES + this.#pick(100));
    const outputs = { kind: "json" as const, bytes: bytes.fill(this.#pick(256)) };
    return { outcome: "ok", version: "1", kept: { summary: "{}", outputs } };
  }

  #check(): void {
    const charged = new Map<string, number>();
    for (const { id, sum } of this.#rows<{ id: string; sum: number }>(
      `SELECT replace(id, ':late', '') AS id, -sum(amount_micro) AS sum FROM entry
       WHERE kind <> 'grant' AND replace(id, ':late', '') NOT IN (SELECT id FROM hold)
       GROUP BY 1`,
    )) {
      const key = this.#keys.get(id) ?? "";
      charged.set(key, (charged.get(key) ?? 0) + sum);
    }
    for (const sum of charged.values()) {
      expect(sum, "a key is paid for once").toBeLessThanOrEqual(CREDIT_MICRO);
    }
    const live = this.#rows<{ key: string }>(
      "SELECT claim_key AS key FROM execution WHERE state = 'running'",
    ).map(({ key }) => key);
    expect(new Set(live).size, "nothing runs twice at a time").toBe(live.length);
    this.#checkOutputs();
  }

  #checkOutputs(): void {
    const wrong = this.#rows(
      `SELECT id FROM execution WHERE coalesce(outputs_bytes, 0) <> coalesce(
         (SELECT sum(length(bytes)) FROM output_piece WHERE execution_id = execution.id), 0)`,
    );
    expect(wrong, "outputs are kept whole").toEqual([]);
    const stray = this.#rows(
      "SELECT execution_id FROM output_piece WHERE execution_id NOT IN (SELECT id FROM execution)",
    );
    expect(stray, "no piece outlives its execution").toEqual([]);
  }

  async end(): Promise<void> {
    clockAt(this.#nowMs + LASTS_MS);
    await this.#account.alarm();
    this.#check();
    checkLedger(this.#rows<Entry>("SELECT * FROM entry ORDER BY number"));
  }

  #rows<Row extends Record<string, SqlStorageValue>>(query: string): Row[] {
    return this.#sql.exec<Row>(query).toArray();
  }
}

describe("an account whose executions have keys", () => {
  it.each(Array.from({ length: 25 }, (_, seed) => seed + 1))(
    "runs and charges each of them once (seed %d)",
    async (seed) => {
      const random = randomFrom(seed);
      clockAt(START_MS);
      const stub = env.ACCOUNTS.get(env.ACCOUNTS.newUniqueId());
      await stub.create({ keyHash: KEY_HASH, grantMicro: 1000 * CREDIT_MICRO });
      await stub.change({ ratePerMinute: 1_000_000 });
      await runInDurableObject(stub, async (account, { storage }) => {
        const life = new Life(account, storage.sql, random);
        for (let step = 0; step < STEPS; step += 1) await life.step();
        await life.end();
      });
    },
  );
});
