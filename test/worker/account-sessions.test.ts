// The sessions and executions on an account's record: what holds in whatever order things happen, what
// an eviction of the object or a late alarm changes, and what is forgotten when.

import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { SESSION_ENDINGS } from "../../shared/errors.ts";
import { newSessionId } from "../../shared/ids.ts";
import {
  HISTORY_MS,
  IMPLICIT_SESSIONS_MAX,
  SESSION_IDLE_MS_MAX,
  SESSION_MEMORY_MS,
  SESSIONS_MAX,
} from "../../shared/limits.ts";
import { CREDIT_MICRO } from "../../shared/money.ts";
import type { Account } from "../../worker/account/account.ts";
import type { Intent } from "../../worker/admission.ts";
import { checkLedger, type Entry, randomFrom } from "./kit/ledger.ts";

afterEach(() => void vi.useRealTimers());

const KEY_HASH = "ab".repeat(32);
const START_MS = Date.UTC(2100, 0);
const LASTS_MS = 70_000;
const REPORT = { outcome: "ok", version: "3.13.5" };

function clockAt(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: ms });
}

async function open(credits = 100) {
  clockAt(START_MS);
  const stub = env.ACCOUNTS.get(env.ACCOUNTS.newUniqueId());
  await stub.create({ keyHash: KEY_HASH, grantMicro: credits * CREDIT_MICRO });
  await stub.change({ ratePerMinute: 1_000_000 });
  return stub;
}

function request(id: string, session?: Intent["session"], lastsMs = LASTS_MS) {
  const hold = { id, amountMicro: CREDIT_MICRO, leastMicro: CREDIT_MICRO, lastsMs };
  const language = session?.opens === false ? {} : { language: "python" as const };
  const intent = { runner: "local", runTimeoutMs: 1000, ...language, ...(session && { session }) };
  return { keyHash: KEY_HASH, hold, intent };
}

describe("a session on record", () => {
  it("is put there once, however often that is asked for under one id", async () => {
    const stub = await open();
    const id = newSessionId();
    const first = await stub.openSession(KEY_HASH, id, "python");
    const { rate: _, ...again } = await stub.openSession(KEY_HASH, id, "python");
    expect(first).toMatchObject(again);
    await stub.admit(request("exec-1", { id: newSessionId(), opens: true }));
    await stub.admit(request("exec-1", { id: newSessionId(), opens: true }));
    const listed = await stub.listSessions(KEY_HASH, { most: 10, ended: true });
    expect(listed.ok && listed.found).toHaveLength(2);
  });

  it("does not expire while something runs in it, and then from the end of that", async () => {
    const stub = await open();
    const id = newSessionId();
    await stub.openSession(KEY_HASH, id, "python");
    await stub.admit(request("exec-1", { id, opens: false }, 2 * SESSION_IDLE_MS_MAX));
    clockAt(START_MS + SESSION_IDLE_MS_MAX);
    await runDurableObjectAlarm(stub);
    expect(await stub.visitSession(KEY_HASH, id, false)).toMatchObject({ ok: true });
    const endMs = START_MS + SESSION_IDLE_MS_MAX + 1000;
    clockAt(endMs);
    await stub.settle("exec-1", 0, REPORT);
    clockAt(endMs + SESSION_IDLE_MS_MAX - 1);
    expect(await stub.visitSession(KEY_HASH, id, false)).toMatchObject({
      found: { version: "3.13.5", executions: 1, isBusy: false },
    });
    clockAt(endMs + SESSION_IDLE_MS_MAX);
    expect(await stub.visitSession(KEY_HASH, id, false)).toMatchObject({ code: "session_expired" });
  });

  it("counts as used for as long as a lost execution may have run in it", async () => {
    const stub = await open();
    const id = newSessionId();
    await stub.openSession(KEY_HASH, id, "python");
    await stub.admit(request("exec-1", { id, opens: false }, 300_000));
    clockAt(START_MS + 300_000);
    await runDurableObjectAlarm(stub);
    clockAt(START_MS + 300_000 + SESSION_IDLE_MS_MAX - 1);
    expect(await stub.visitSession(KEY_HASH, id, false)).toMatchObject({ ok: true });
    expect(await stub.visitExecution(KEY_HASH, "exec-1")).toMatchObject({
      found: { state: "failed", sessionId: id },
    });
  });

  it("outlives the object's eviction", async () => {
    const stub = await open();
    const id = newSessionId();
    await stub.openSession(KEY_HASH, id, "ruby");
    await evictDurableObject(stub);
    expect(await stub.visitSession(KEY_HASH, id, true)).toMatchObject({
      found: { language: "ruby" },
    });
  });

  it("goes in the end, with everything that was in it", async () => {
    const stub = await open();
    await stub.openSession(KEY_HASH, newSessionId(), "python");
    await stub.admit(request("exec-1", { id: newSessionId(), opens: true }));
    await stub.settle("exec-1", 0, REPORT);
    let nowMs = START_MS;
    let alarms = 0;
    while (await runDurableObjectAlarm(stub)) {
      alarms += 1;
      const nextMs = await runInDurableObject(stub, (_account, { storage }) => storage.getAlarm());
      nowMs = nextMs ?? nowMs;
      clockAt(nowMs);
    }
    expect(nowMs).toBeGreaterThanOrEqual(START_MS + SESSION_MEMORY_MS);
    expect(alarms).toBeLessThan(10);
    await runInDurableObject(stub, (_account, { storage: { sql } }) => {
      expect(sql.exec("SELECT * FROM session").toArray()).toEqual([]);
      expect(sql.exec("SELECT * FROM execution").toArray()).toEqual([]);
    });
  });

  it("does not have the alarm come often, however much there is to forget", async () => {
    const stub = await open();
    for (let count = 0; count < 50; count += 1) {
      clockAt(START_MS + count * 100);
      await stub.admit(request(`exec-${count}`));
      await stub.settle(`exec-${count}`, 0, REPORT);
    }
    clockAt(START_MS + HISTORY_MS + 1000);
    await runDurableObjectAlarm(stub);
    const nextMs = await runInDurableObject(stub, (_account, { storage }) => storage.getAlarm());
    expect((nextMs ?? 0) - Date.now()).toBeGreaterThanOrEqual(60_000);
  });

  it("is nothing to an account that was never opened", async () => {
    const stub = env.ACCOUNTS.get(env.ACCOUNTS.newUniqueId());
    const id = newSessionId();
    expect(await stub.openSession(KEY_HASH, id, "c")).toEqual({ ok: false, code: "invalid_key" });
    expect(await stub.visitSession(KEY_HASH, id, true)).toMatchObject({ code: "invalid_key" });
    expect(await stub.deleteSession(KEY_HASH, id)).toMatchObject({ code: "invalid_key" });
    expect(await stub.settleLate("exec-1", 0, REPORT)).toBeUndefined();
    await stub.endSession(id, "lost");
    await stub.noteOpened(id, "1");
    await stub.forgetSession(id);
    await runInDurableObject(stub, (_account, { storage }) => {
      const tables = storage.sql.exec("SELECT name FROM sqlite_master").toArray();
      expect(tables.filter(({ name }) => !String(name).startsWith("_cf_"))).toEqual([]);
    });
  });
});

describe("an account that was opened before there were sessions", () => {
  it("gets their tables, and keeps what it has", async () => {
    const stub = await open(7);
    await runInDurableObject(stub, (_account, { storage: { sql } }) => {
      const later = ["session", "execution", "output_piece", "claim", "webhook", "plan_choice"];
      for (const table of later) sql.exec(`DROP TABLE ${table}`);
      const columns = ["id", "last_used_at_ms", "expires_at_ms"];
      for (const column of columns) sql.exec(`ALTER TABLE key DROP COLUMN ${column}`);
      sql.exec("DELETE FROM migration WHERE number >= 2");
    });
    await evictDurableObject(stub);
    const session = { id: newSessionId(), opens: true };
    expect(await stub.admit(request("exec-1", session))).toMatchObject({
      ok: true,
      left: { balanceMicro: 6 * CREDIT_MICRO },
    });
  });
});

const ENDINGS = SESSION_ENDINGS;

/** A random life of an account, with what must hold checked after every step. */
class Life {
  readonly #account: Account;
  readonly #sql: SqlStorage;
  readonly #pick: (below: number) => number;
  readonly #sessions: string[] = [];
  readonly #ended = new Map<string, string>();
  /** How much this account likes to open sessions. */
  readonly #greed: number;
  #executions = 0;
  #nowMs = START_MS;

  constructor(account: Account, sql: SqlStorage, random: () => number) {
    this.#account = account;
    this.#sql = sql;
    this.#pick = (below) => Math.floor(random() * below);
    this.#greed = this.#pick(2) * 40;
  }

  async step(): Promise<void> {
    this.#nowMs += this.#pick(10) === 0 ? this.#pick(SESSION_IDLE_MS_MAX) : this.#pick(5000);
    clockAt(this.#nowMs);
    await this.#act(this.#pick(12 + this.#greed));
    this.#check();
  }

  async #act(deed: number): Promise<void> {
    const execution = `exec-${this.#pick(this.#executions + 1)}`;
    const id = this.#sessions[this.#pick(this.#sessions.length)] ?? newSessionId();
    const chargeMicro = this.#pick(CREDIT_MICRO + 1);
    if (deed < 2) this.#open();
    else if (deed < 4) this.#admit({ id: this.#newId(), opens: true });
    else if (deed < 6) this.#admit({ id, opens: false });
    else if (deed < 8) this.#account.settle(execution, chargeMicro, REPORT);
    else if (deed < 9) this.#account.settleLate(execution, chargeMicro, REPORT);
    else if (deed < 10) this.#account.void(execution, ENDINGS[this.#pick(8)]);
    else if (deed < 11) this.#account.deleteSession(KEY_HASH, id);
    else if (deed < 12) await this.#account.alarm();
    else this.#open();
  }

  #open(): void {
    const live = this.#live(1);
    const opened = this.#account.openSession(KEY_HASH, this.#newId(), "python");
    const isRefused = !opened.ok && opened.code === "too_many_sessions";
    // Those that are idle for too long make room first.
    if (isRefused) expect(live).toBe(SESSIONS_MAX);
  }

  #admit(session: { id: string; opens: boolean }): void {
    const before = this.#count("entry");
    const admission = this.#account.admit(request(`exec-${this.#executions}`, session));
    this.#executions += 1;
    const ending = this.#ended.get(session.id);
    if (ending !== undefined) {
      expect(admission).toMatchObject({ ok: false });
      expect([`session_${ending}`, "unknown_session"]).toContain(!admission.ok && admission.code);
    }
    if (!admission.ok) expect(this.#count("entry")).toBe(before);
  }

  #newId(): string {
    const id = newSessionId();
    this.#sessions.push(id);
    return id;
  }

  #check(): void {
    expect(this.#live(1)).toBeLessThanOrEqual(SESSIONS_MAX);
    expect(this.#live(0)).toBeLessThanOrEqual(IMPLICIT_SESSIONS_MAX);
    const rows = this.#sql
      .exec<{ id: string; ending: string | null }>("SELECT id, ending FROM session")
      .toArray();
    for (const { id, ending } of rows) {
      const before = this.#ended.get(id);
      if (before !== undefined) expect(ending, "what has ended stays as it did").toBe(before);
      if (ending !== null) this.#ended.set(id, ending);
    }
    const running = this.#ids("SELECT id FROM execution WHERE state = 'running' ORDER BY id");
    expect(running, "what runs has a hold").toEqual(this.#ids("SELECT id FROM hold ORDER BY id"));
  }

  /** Everything that is open ends, and the ledger adds up. */
  async end(): Promise<void> {
    clockAt(this.#nowMs + LASTS_MS);
    await this.#account.alarm();
    expect(this.#count("hold")).toBe(0);
    checkLedger(this.#sql.exec<Entry>("SELECT * FROM entry ORDER BY number").toArray());
    clockAt(this.#nowMs + LASTS_MS + SESSION_IDLE_MS_MAX);
    await this.#account.alarm();
    expect(this.#live(0) + this.#live(1)).toBe(0);
    clockAt(this.#nowMs + LASTS_MS + SESSION_IDLE_MS_MAX + SESSION_MEMORY_MS);
    await this.#account.alarm();
    expect(this.#count("session")).toBe(0);
    clockAt(this.#nowMs + HISTORY_MS);
    await this.#account.alarm();
    expect(this.#count("execution")).toBe(0);
  }

  #live(isExplicit: 0 | 1): number {
    const where = `ending IS NULL AND is_explicit = ${isExplicit}`;
    return this.#ids(`SELECT id FROM session WHERE ${where}`).length;
  }

  #count(table: "entry" | "hold" | "session" | "execution"): number {
    return this.#sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).one().n;
  }

  #ids(query: string): string[] {
    return this.#sql
      .exec<{ id: string }>(query)
      .toArray()
      .map(({ id }) => id);
  }
}

describe("an account with sessions", () => {
  it.each(Array.from({ length: 30 }, (_, seed) => seed + 1))(
    "keeps its limits, its word and its ledger through a long life in a random order (seed %d)",
    async (seed) => {
      const random = randomFrom(seed);
      const stub = await open(Math.floor(random() * 60));
      await runInDurableObject(stub, async (account, { storage }) => {
        const life = new Life(account, storage.sql, random);
        for (let step = 0; step < 300; step += 1) await life.step();
        await life.end();
      });
    },
  );
});
