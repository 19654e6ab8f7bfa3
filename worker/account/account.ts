// One API account: its keys, its plan, its ledger and its rate limit, in one place, so that an
// execution is admitted by one call that sees all of them at once. The object never calls anything
// outside itself: the Worker, not the account, waits for runners. An account that was never created
// answers that it is unknown and writes nothing.

import { DurableObject } from "cloudflare:workers";
import { RATE_PER_MINUTE, RATE_WINDOW_MS } from "../../shared/limits.ts";
import { creditsOf } from "../../shared/money.ts";
import type { Admission, Hold, Refusal } from "../admission.ts";
import type { Env } from "../env.ts";
import { hasTables, migrate } from "../migrate.ts";
import { forget, rateOf, waitMs } from "../rate.ts";
import * as ledger from "./ledger.ts";
import { ACCOUNT_MIGRATIONS } from "./schema.ts";

export type Plan = keyof typeof RATE_PER_MINUTE;

/** What an account is opened with. */
export type Opening = { keyHash: string; keyName?: string; grantMicro: number };

/** What an operator may change; what is absent stays. A `ratePerMinute` of null is the plan's own. */
export type Change = {
  grant?: { id: string; amountMicro: number };
  ratePerMinute?: number | null;
  plan?: Plan;
};

/** An account as its owner and its operator may see it. */
export type AccountState = { plan: Plan; ratePerMinute: number; balanceMicro: number };

/** One execution asking to be let through, with a hold whose id is of the caller's making. */
export type AdmissionRequest = { keyHash: string; hold: Hold };

export class Account extends DurableObject<Env> {
  readonly #sql: SqlStorage;
  /** When executions were admitted within the rate window; the ledger is what survives eviction. */
  #admittedAtMs: number[] = [];
  /** When the alarm is known to come; unknown after eviction, and then merely set again. */
  #alarmAtMs: number | undefined;
  #exists: boolean;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#exists = hasTables(this.#sql);
    if (!this.#exists) return;
    migrate(ctx.storage, ACCOUNT_MIGRATIONS);
    this.#admittedAtMs = ledger.reservedSince(this.#sql, Date.now() - RATE_WINDOW_MS);
  }

  /** Opens the account with its first key. Repeating it with the same key changes nothing. */
  create(opening: Opening): AccountState {
    const nowMs = Date.now();
    if (this.#exists) {
      if (!this.#isLive(opening.keyHash)) throw new Error("this account has another owner");
      return this.#state();
    }
    this.ctx.storage.transactionSync(() => {
      migrate(this.ctx.storage, ACCOUNT_MIGRATIONS);
      this.#sql.exec("INSERT INTO account VALUES (1, ?, 'free', NULL)", nowMs);
      this.#sql.exec(
        "INSERT INTO key (hash, name, created_at_ms) VALUES (?, ?, ?)",
        opening.keyHash,
        opening.keyName ?? null,
        nowMs,
      );
      ledger.grant(this.#sql, nowMs, { id: "opening", amountMicro: opening.grantMicro });
    });
    this.#exists = true;
    return this.#state();
  }

  /** Lets an execution through and reserves what it may cost, or says why not and changes nothing. */
  admit({ keyHash, hold }: AdmissionRequest): Admission {
    if (!this.#exists || !this.#isLive(keyHash)) return { ok: false, code: "invalid_key" };
    const nowMs = Date.now();
    const { ratePerMinute } = this.#terms();
    forget(this.#admittedAtMs, RATE_WINDOW_MS, nowMs);
    const rate = () => rateOf(this.#admittedAtMs, ratePerMinute, RATE_WINDOW_MS, nowMs);

    const retryAfterMs = waitMs(this.#admittedAtMs, ratePerMinute, RATE_WINDOW_MS, nowMs);
    if (retryAfterMs > 0 && !ledger.isReserved(this.#sql, hold.id)) {
      return { ok: false, code: "rate_limited", retryAfterMs, rate: rate() };
    }
    const { lastsMs, ...wanted } = hold;
    const expiresAtMs = nowMs + lastsMs;
    const { result, heldMicro, balanceMicro } = this.ctx.storage.transactionSync(() =>
      ledger.reserve(this.#sql, nowMs, { ...wanted, expiresAtMs }),
    );
    if (result === "no_funds") return { ...tooLittle(hold, balanceMicro), rate: rate() };
    if (result === "reserved") {
      this.#admittedAtMs.push(nowMs);
      this.#wakeForExpiry(expiresAtMs);
    }
    return { ok: true, rate: rate(), heldMicro, left: { balanceMicro } };
  }

  /** Charges part or all of a hold. Says what happened before if the hold is already resolved. */
  settle(holdId: string, chargeMicro: number): ledger.Resolved {
    if (!this.#exists) return "unknown_hold";
    return this.ctx.storage.transactionSync(() =>
      ledger.settle(this.#sql, Date.now(), holdId, chargeMicro),
    );
  }

  /** Returns a hold whole. Says what happened before if the hold is already resolved. */
  void(holdId: string): ledger.Resolved {
    if (!this.#exists) return "unknown_hold";
    return this.ctx.storage.transactionSync(() => ledger.voidHold(this.#sql, Date.now(), holdId));
  }

  /** Applies an operator's change, repeatably; `undefined` when there is no such account. */
  change(change: Change): AccountState | undefined {
    if (!this.#exists) return undefined;
    const { grant, ratePerMinute, plan } = change;
    this.ctx.storage.transactionSync(() => {
      if (plan !== undefined) this.#sql.exec("UPDATE account SET plan = ?", plan);
      if (ratePerMinute !== undefined) {
        this.#sql.exec("UPDATE account SET rate_per_minute = ?", ratePerMinute);
      }
      if (grant !== undefined) ledger.grant(this.#sql, Date.now(), grant);
    });
    return this.#state();
  }

  /** Expires the holds that are due. The platform may call it late, early or twice. */
  override async alarm(): Promise<void> {
    this.#alarmAtMs = undefined;
    if (!this.#exists) return;
    this.ctx.storage.transactionSync(() => ledger.expireHolds(this.#sql, Date.now()));
    const nextAtMs = ledger.nextExpiryAtMs(this.#sql);
    if (nextAtMs !== undefined) this.#wakeForExpiry(nextAtMs);
  }

  /**
   * Has the alarm come no later than `atMs`, when a hold expires. Setting it costs a write, so an
   * earlier one will do. There is only one alarm: where it is not known when it comes, it is set for
   * the earliest hold of all, which need not be the one that was made last.
   */
  #wakeForExpiry(atMs: number): void {
    if (this.#alarmAtMs !== undefined && this.#alarmAtMs <= atMs) return;
    const isKnown = this.#alarmAtMs !== undefined;
    const earliestMs = isKnown ? atMs : (ledger.nextExpiryAtMs(this.#sql) ?? atMs);
    this.#alarmAtMs = earliestMs;
    void this.ctx.storage.setAlarm(earliestMs);
  }

  #isLive(keyHash: string): boolean {
    const found = this.#sql.exec(
      "SELECT 1 FROM key WHERE hash = ? AND revoked_at_ms IS NULL",
      keyHash,
    );
    return found.toArray().length > 0;
  }

  #state(): AccountState {
    return { ...this.#terms(), balanceMicro: ledger.balanceMicro(this.#sql) };
  }

  #terms(): { plan: Plan; ratePerMinute: number } {
    const { plan, rate_per_minute } = this.#sql
      .exec<{ plan: Plan; rate_per_minute: number | null }>(
        "SELECT plan, rate_per_minute FROM account",
      )
      .one();
    return { plan, ratePerMinute: rate_per_minute ?? RATE_PER_MINUTE[plan] };
  }
}

/** The refusal of a hold that the balance does not cover, in figures where there is a balance. */
function tooLittle(hold: Hold, balanceMicro: number): Refusal {
  const there = creditsOf(balanceMicro);
  if (there === 0) return { ok: false, code: "no_credits" };
  const needed = creditsOf(hold.leastMicro);
  const message = `A run of this length may cost ${needed} credits, and ${there} are left.`;
  return { ok: false, code: "no_credits", message };
}
