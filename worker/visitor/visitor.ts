// Somebody without a key, known only by a digest of the client address: counts keyless demo runs
// and instant keys in a rolling window. It holds no money and no address, and a window after the
// last use it erases itself.

import { DurableObject } from "cloudflare:workers";
import { RATE_PER_MINUTE, RATE_WINDOW_MS, VISITOR_WINDOW_MS } from "../../shared/limits.ts";
import { addClaim, type Claim, claimed, purgeClaims, subjectOf } from "../account/claims.ts";
import type { Admitted, Refusal } from "../admission.ts";
import type { Env } from "../env.ts";
import { hasTables, migrate } from "../migrate.ts";
import { forget, type Rate, rateOf, waitMs } from "../rate.ts";
import { VISITOR_MIGRATIONS } from "./schema.ts";

const DEMO_USED_UP =
  "The keyless demo runs of this address are used up; get a free key with POST /api/keys.";
const KEYS_USED_UP = "This address has had its instant keys for now; use one of those, or wait.";

/** As an account's admission, but no money is put aside. */
export type DemoAdmission = Pick<Admitted, "ok" | "rate" | "left"> | Refusal;

export class Visitor extends DurableObject<Env> {
  readonly #sql: SqlStorage;
  #alarmIsSet = false;
  /** When turns were taken within the last minute; what an eviction forgets of them does no harm. */
  readonly #turnsAtMs: number[] = [];

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    if (hasTables(this.#sql)) migrate(ctx.storage, VISITOR_MIGRATIONS);
  }

  /**
   * Lets a demo run through, within the free plan's rate and `perDay`. Repeatable with its id; it can be
   * found again by its `alias`.
   */
  admitDemo(runId: string, perDay: number, alias?: string): DemoAdmission {
    const nowMs = Date.now();
    if (!this.#has(runId)) {
      const refusal = this.#refuseDemo(perDay, nowMs);
      if (refusal !== undefined) return refusal;
      this.#add(runId, "demo", nowMs);
      const claim = alias && { key: alias, fingerprint: "" };
      if (claim) addClaim(this.#sql, nowMs, claim, runId);
    }
    const today = this.#times("demo", VISITOR_WINDOW_MS, nowMs);
    return {
      ok: true,
      rate: this.#demoRate(nowMs),
      left: { demoRuns: Math.max(0, perDay - today.length) },
    };
  }

  /** The demo run of an alias. */
  findRun(alias: string): string | undefined {
    return hasTables(this.#sql) ? subjectOf(this.#sql, Date.now(), alias) : undefined;
  }

  /** Gives a demo run back, because it was not run. */
  giveBack(runId: string): void {
    if (hasTables(this.#sql)) this.#sql.exec("DELETE FROM use WHERE id = ?", runId);
  }

  /**
   * Counts a new key, or says why there is none. Repeatable with its id; under an Idempotency-Key that
   * was used for it before, it is the key that was counted then.
   */
  takeKey(
    id: string,
    perDay: number,
    claim?: Claim,
  ): { ok: true; id: string; rate: Rate } | Refusal {
    const nowMs = Date.now();
    const rate = () => this.#dayRate("key", perDay, nowMs);
    if (this.#has(id)) return { ok: true, id, rate: rate() };
    const known = claim && hasTables(this.#sql) ? claimed(this.#sql, nowMs, claim) : undefined;
    if (known === "idempotency_mismatch") return { ok: false, code: known, rate: rate() };
    if (known !== undefined) return { ok: true, id: known.subject, rate: rate() };
    const times = this.#times("key", VISITOR_WINDOW_MS, nowMs);
    const retryAfterMs = waitMs(times, perDay, VISITOR_WINDOW_MS, nowMs);
    if (retryAfterMs > 0) {
      const message = KEYS_USED_UP;
      return { ok: false, code: "rate_limited", message, retryAfterMs, rate: rate() };
    }
    this.#add(id, "key", nowMs);
    if (claim !== undefined) addClaim(this.#sql, nowMs, claim, id);
    return { ok: true, id, rate: rate() };
  }

  /** Takes a turn at something that is only counted by the minute; how long to wait if there is none. */
  takeTurn(perMinute: number): number {
    const nowMs = Date.now();
    forget(this.#turnsAtMs, RATE_WINDOW_MS, nowMs);
    const leftMs = waitMs(this.#turnsAtMs, perMinute, RATE_WINDOW_MS, nowMs);
    if (leftMs <= 0) this.#turnsAtMs.push(nowMs);
    return Math.max(0, leftMs);
  }

  /** Forgets what is out of the window, and in the end everything. */
  override async alarm(): Promise<void> {
    this.#alarmIsSet = false;
    if (!hasTables(this.#sql)) return;
    this.#sql.exec("DELETE FROM use WHERE at_ms <= ?", Date.now() - VISITOR_WINDOW_MS);
    purgeClaims(this.#sql, Date.now());
    const last = this.#sql
      .exec<{ at_ms: number | null }>("SELECT max(at_ms) AS at_ms FROM use")
      .one();
    if (last.at_ms === null) return await this.ctx.storage.deleteAll();
    this.#alarmIsSet = true;
    await this.ctx.storage.setAlarm(last.at_ms + VISITOR_WINDOW_MS);
  }

  #refuseDemo(perDay: number, nowMs: number): Refusal | undefined {
    const perMinute = RATE_PER_MINUTE.free;
    const rate = this.#demoRate(nowMs);
    const lastMinute = this.#times("demo", RATE_WINDOW_MS, nowMs);
    const minuteMs = waitMs(lastMinute, perMinute, RATE_WINDOW_MS, nowMs);
    if (minuteMs > 0) return { ok: false, code: "rate_limited", retryAfterMs: minuteMs, rate };
    const today = this.#times("demo", VISITOR_WINDOW_MS, nowMs);
    const dayMs = waitMs(today, perDay, VISITOR_WINDOW_MS, nowMs);
    if (dayMs <= 0) return undefined;
    const dayRate = this.#dayRate("demo", perDay, nowMs);
    const message = DEMO_USED_UP;
    return { ok: false, code: "rate_limited", message, retryAfterMs: dayMs, rate: dayRate };
  }

  #dayRate(kind: "demo" | "key", perDay: number, nowMs: number): Rate {
    const times = this.#times(kind, VISITOR_WINDOW_MS, nowMs);
    return rateOf(times, perDay, VISITOR_WINDOW_MS, nowMs);
  }

  #demoRate(nowMs: number) {
    const times = this.#times("demo", RATE_WINDOW_MS, nowMs);
    return rateOf(times, RATE_PER_MINUTE.free, RATE_WINDOW_MS, nowMs);
  }

  #times(kind: "demo" | "key", windowMs: number, nowMs: number): number[] {
    if (!hasTables(this.#sql)) return [];
    const times = this.#sql
      .exec<{ at_ms: number }>("SELECT at_ms FROM use WHERE kind = ? ORDER BY at_ms", kind)
      .toArray()
      .map((use) => use.at_ms);
    forget(times, windowMs, nowMs);
    return times;
  }

  #has(id: string): boolean {
    if (!hasTables(this.#sql)) return false;
    return this.#sql.exec("SELECT 1 FROM use WHERE id = ?", id).toArray().length > 0;
  }

  #add(id: string, kind: "demo" | "key", nowMs: number): void {
    if (!hasTables(this.#sql)) migrate(this.ctx.storage, VISITOR_MIGRATIONS);
    this.#sql.exec("INSERT INTO use (id, kind, at_ms) VALUES (?, ?, ?)", id, kind, nowMs);
    if (this.#alarmIsSet) return;
    this.#alarmIsSet = true;
    void this.ctx.storage.setAlarm(nowMs + VISITOR_WINDOW_MS);
  }
}
