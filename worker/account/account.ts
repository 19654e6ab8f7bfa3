// One API account: its keys, its plan, its ledger, its rate limits, its sessions and its executions, in
// one place, so that an execution is admitted by one call that sees all of them at once. The object waits
// for nobody outside: the Worker, not the account, waits for runners, and what the Worker lost sight of is
// handed to the courier. An account that was never created answers that it is unknown and writes nothing.

import { DurableObject } from "cloudflare:workers";
import type { SessionEnding } from "../../shared/errors.ts";
import { newId } from "../../shared/ids.ts";
import type { LanguageId } from "../../shared/languages.ts";
import { RATE_WINDOW_MS, SESSION_CALLS_PER_MINUTE } from "../../shared/limits.ts";
import { coveredMs } from "../../shared/money.ts";
import { type Admission, type Refusal, tooLittle } from "../admission.ts";
import { inquire } from "../courier/entrust.ts";
import type { Env } from "../env.ts";
import { hasTables, migrate } from "../migrate.ts";
import { forget, rateOf, waitMs } from "../rate.ts";
import * as claims from "./claims.ts";
import * as executions from "./executions.ts";
import * as keys from "./keys.ts";
import { languageFor } from "./language.ts";
import * as ledger from "./ledger.ts";
import { type Booked, type Booking, book, setPlan } from "./money-in.ts";
import * as runs from "./runs.ts";
import { ACCOUNT_MIGRATIONS } from "./schema.ts";
import * as sessions from "./sessions.ts";
import { type Entry, fundsOf, listEntries } from "./statement.ts";
import { termsOf } from "./terms.ts";
import type {
  AccountState,
  AdmissionRequest,
  Change,
  Changed,
  Late,
  Opened,
  Opening,
  Statement,
  Visit,
} from "./told.ts";
import { doUpkeep, nextDueAtMs } from "./upkeep.ts";
import { secretOf } from "./webhook.ts";

/** How rarely the alarm comes for what is only to be forgotten. */
const UPKEEP_MS = 60_000;

export class Account extends DurableObject<Env> {
  readonly #sql: SqlStorage;
  /** When executions were admitted within the rate window; the ledger is what survives eviction. */
  #admittedAtMs: number[] = [];
  /** When other calls were let through within it; what an eviction forgets of them does no harm. */
  readonly #calledAtMs: number[] = [];
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

  /**
   * Opens the account with its first key. Repeating it with the same key changes nothing; with one
   * that does not open it (any more), it is not to be had.
   */
  create(opening: Opening): Opened | undefined {
    const nowMs = Date.now();
    if (this.#exists) {
      const known = keys.findLiveKey(this.#sql, nowMs, opening.keyHash);
      return known && { ...this.#state(), keyId: known.id };
    }
    const { keyId = newId("key") } = opening;
    this.ctx.storage.transactionSync(() => {
      migrate(this.ctx.storage, ACCOUNT_MIGRATIONS);
      this.#sql.exec("INSERT INTO account VALUES (1, ?, 'free', NULL)", nowMs);
      const { keyHash: hash, keyName: name } = opening;
      keys.addKey(this.#sql, nowMs, { id: keyId, hash, ...(name !== undefined && { name }) });
      ledger.grant(this.#sql, nowMs, { id: ledger.OPENING, amountMicro: opening.grantMicro });
    });
    this.#exists = true;
    return { ...this.#state(), keyId };
  }

  /**
   * Lets an execution through and reserves what it may cost, or says why not and changes nothing. One
   * that was asked for before is not let through again: what is known of that is the answer.
   */
  admit({ keyHash, hold, intent, claim }: AdmissionRequest): Admission {
    const nowMs = Date.now();
    const key = this.#exists ? keys.findLiveKey(this.#sql, nowMs, keyHash) : undefined;
    if (key === undefined) return { ok: false, code: "invalid_key" };
    const { ratePerMinute } = termsOf(this.#sql);
    forget(this.#admittedAtMs, RATE_WINDOW_MS, nowMs);
    const rate = () => rateOf(this.#admittedAtMs, ratePerMinute, RATE_WINDOW_MS, nowMs);

    const known = claim && runs.repeatedRun(this.#sql, nowMs, claim, hold.id);
    if (known !== undefined) {
      return "execution" in known ? { ok: true, rate: rate(), repeats: known } : known;
    }
    const isRepeated = ledger.isReserved(this.#sql, hold.id);
    const retryAfterMs = waitMs(this.#admittedAtMs, ratePerMinute, RATE_WINDOW_MS, nowMs);
    if (retryAfterMs > 0 && !isRepeated) {
      return { ok: false, code: "rate_limited", retryAfterMs, rate: rate() };
    }
    const { session } = intent;
    const language = languageFor(this.#sql, nowMs, intent, isRepeated);
    if (typeof language === "object") return { ...language, rate: rate() };

    const { lastsMs, ...wanted } = hold;
    const expiresAtMs = nowMs + lastsMs;
    const { result, heldMicro, balanceMicro } = this.ctx.storage.transactionSync(() => {
      const reserved = ledger.reserve(this.#sql, nowMs, { ...wanted, expiresAtMs });
      if (reserved.result === "reserved") {
        const runTimeoutMs = Math.min(intent.runTimeoutMs, coveredMs(reserved.heldMicro));
        const { runner } = intent;
        const beginning = { id: hold.id, runner, language, runTimeoutMs, dueAtMs: expiresAtMs };
        runs.beginRun(this.#sql, nowMs, beginning, { session, claim });
        if (key.isUseNews) keys.noteUse(this.#sql, nowMs, keyHash);
        this.#wakeBy(expiresAtMs);
      }
      return reserved;
    });
    if (result === "no_funds") return { ...tooLittle(hold, balanceMicro), rate: rate() };
    if (result === "over") return { ok: false, code: "conflict", rate: rate() };
    if (result === "reserved") this.#admittedAtMs.push(nowMs);
    return { ok: true, rate: rate(), heldMicro, left: { balanceMicro }, language };
  }

  /**
   * Charges part or all of a hold, and notes how its execution ended. Says what happened before if
   * the hold is already resolved; one that had expired is charged for all the same, as of what ran.
   */
  settle(holdId: string, chargeMicro: number, report?: runs.Report): ledger.Resolved {
    if (!this.#exists) return "unknown_hold";
    const nowMs = Date.now();
    return this.ctx.storage.transactionSync(() => {
      const resolved = ledger.settle(this.#sql, nowMs, holdId, chargeMicro);
      if (report === undefined) return resolved;
      if (resolved === "already_expired") this.#settleLate(nowMs, holdId, chargeMicro, report);
      const chargedMicro = resolved === "settled" ? chargeMicro : 0;
      runs.noteReport(this.#sql, nowMs, holdId, { ...report, chargedMicro });
      return resolved;
    });
  }

  /**
   * Returns a hold whole, and gives its execution up for `failure`; `ending` is that of its session,
   * if that is what was in its way. Says what happened before if the hold is already resolved.
   */
  void(holdId: string, ending?: SessionEnding, failure?: string): ledger.Resolved {
    if (!this.#exists) return "unknown_hold";
    const nowMs = Date.now();
    return this.ctx.storage.transactionSync(() => {
      const resolved = ledger.voidHold(this.#sql, nowMs, holdId);
      runs.giveUpRun(this.#sql, nowMs, holdId, { ending, failure });
      return resolved;
    });
  }

  /** Charges what is due for an execution whose end was heard of late, if that was not done yet. */
  settleLate(holdId: string, chargeMicro: number, report: runs.Report): Late | undefined {
    if (!this.#exists) return undefined;
    const nowMs = Date.now();
    return this.ctx.storage.transactionSync(() =>
      this.#settleLate(nowMs, holdId, chargeMicro, report),
    );
  }

  /** Books money that came from outside, or takes back what turned out not to have come. Repeatable. */
  apply(booking: Booking): Booked {
    if (!this.#exists) return { result: "unknown_account", balanceMicro: 0 };
    return this.ctx.storage.transactionSync(() => book(this.#sql, Date.now(), booking));
  }

  /**
   * Puts a new session on record, before any runner is asked for it. Repeatable with its id; under a
   * key that was used for it before, it is the session that was opened then.
   */
  openSession(
    keyHash: string,
    id: string,
    language: LanguageId,
    claim?: claims.Claim,
  ): Visit<sessions.Session> {
    return this.#visit(keyHash, (nowMs) => {
      const before = claim && runs.repeatedSession(this.#sql, nowMs, claim, id);
      if (before !== undefined) return before;
      const found = () => sessions.findSession(this.#sql, nowMs, id);
      const known = found();
      if (known !== undefined) return known;
      if (!sessions.hasRoom(this.#sql, nowMs)) return "too_many_sessions";
      sessions.addSession(this.#sql, nowMs, { id, language, isExplicit: true });
      if (claim !== undefined) claims.addClaim(this.#sql, nowMs, claim, id);
      const opened = found() ?? "unknown_session";
      this.#wakeBy(nowMs + UPKEEP_MS);
      return opened;
    });
  }

  /** Notes what the runner said of a session it has opened; `packages` as JSON, where it was asked for some. */
  noteOpened(id: string, version: string, packages?: string): void {
    if (!this.#exists) return;
    if (packages !== undefined) sessions.notePackages(this.#sql, id, packages);
    sessions.noteVersion(this.#sql, id, version);
  }

  /** Takes a session off the record that no runner could open. */
  forgetSession(id: string): void {
    if (this.#exists) sessions.forgetSession(this.#sql, id);
  }

  /** A session that lives, for whoever wants to do something with it; `isUse` begins its idle time anew. */
  visitSession(keyHash: string, id: string, isUse: boolean): Visit<sessions.Session> {
    return this.#visit(keyHash, (nowMs) => this.#liveSession(nowMs, id, isUse));
  }

  /** Ends a session for its owner, and says what it was. The second time it is gone. */
  deleteSession(keyHash: string, id: string): Visit<sessions.Session> {
    return this.#visit(keyHash, (nowMs) => {
      const session = this.#liveSession(nowMs, id, false);
      if (typeof session === "object") sessions.endSession(this.#sql, nowMs, id, "deleted");
      return session;
    });
  }

  /** Records that a runner no longer has a session. */
  endSession(id: string, ending: SessionEnding): void {
    if (this.#exists) sessions.endSession(this.#sql, Date.now(), id, ending);
  }

  /** Some of its sessions, newest first; as many as `page.most`. */
  listSessions(
    keyHash: string,
    page: Parameters<typeof sessions.listSessions>[2],
  ): Visit<sessions.Session[]> {
    return this.#visit(keyHash, (nowMs) => sessions.listSessions(this.#sql, nowMs, page));
  }

  /** An execution of its own, without what it put out. */
  visitExecution(keyHash: string, id: string): Visit<executions.Execution> {
    return this.#visit(
      keyHash,
      () => executions.findExecution(this.#sql, id) ?? "unknown_execution",
    );
  }

  /** The same by the key that it was claimed under. */
  visitClaimed(keyHash: string, claimKey: string): Visit<executions.Execution> {
    return this.#visit(keyHash, (nowMs) => {
      const id = claims.subjectOf(this.#sql, nowMs, claimKey) ?? "";
      return executions.findExecution(this.#sql, id) ?? "unknown_execution";
    });
  }

  /** An execution of its own, with all that is kept of it. */
  recallExecution(keyHash: string, id: string): Visit<runs.Remembered> {
    return this.#visit(keyHash, () => this.recall(id) ?? "unknown_execution");
  }

  /** The same for who needs no key. */
  recall(id: string): runs.Remembered | undefined {
    return this.#exists ? runs.recall(this.#sql, id) : undefined;
  }

  /** Some of its executions, newest first. */
  listExecutions(keyHash: string, query: executions.ExecutionQuery): Visit<executions.Execution[]> {
    return this.#visit(keyHash, () => executions.listExecutions(this.#sql, query));
  }

  /** Removes an execution if it has ended, and says what it was. */
  removeExecution(keyHash: string, id: string): Visit<executions.Execution> {
    return this.#visit(keyHash, () => {
      const execution = executions.findExecution(this.#sql, id);
      executions.removeExecution(this.#sql, id);
      return execution ?? "unknown_execution";
    });
  }

  /** Removes some of all executions that have ended, and says how many. */
  removeExecutions(keyHash: string): Visit<{ removed: number }> {
    return this.#visit(keyHash, () => ({ removed: executions.removeSome(this.#sql) }));
  }

  /** What its webhooks are signed with. */
  webhookSecret(keyHash: string): Visit<{ secret: string }> {
    return this.#visit(keyHash, () => ({ secret: secretOf(this.#sql) }));
  }

  /** What a webhook is told of an execution that has ended, and what that is signed with. */
  parcel(id: string): { remembered: runs.Remembered; secret: string } | undefined {
    const remembered = this.recall(id);
    return remembered && { remembered, secret: secretOf(this.#sql) };
  }

  /** Does what its owner wants with its keys. Repeatable: what is new has an id of the caller's making. */
  doWithKeys(keyHash: string, deed: keys.KeyDeed): Visit<keys.Key[]> {
    const entrance = this.#exists ? keys.entranceOf(this.#sql, Date.now(), keyHash, deed) : keyHash;
    return this.#visit(entrance, (nowMs) => keys.doWithKeys(this.#sql, nowMs, deed));
  }

  /** What it has and may do. */
  showCredits(keyHash: string): Visit<Statement> {
    return this.#visit(keyHash, () => ({ ...this.#state(), ...fundsOf(this.#sql) }));
  }

  /** Some entries of its ledger, newest first. */
  listEntries(keyHash: string, page: Parameters<typeof listEntries>[1]): Visit<Entry[]> {
    return this.#visit(keyHash, () => listEntries(this.#sql, page));
  }

  /** Applies an operator's change, repeatably; `undefined` when there is no such account. */
  change({ grant, ratePerMinute, plan, claim }: Change): Changed | undefined {
    if (!this.#exists) return undefined;
    const nowMs = Date.now();
    return this.ctx.storage.transactionSync(() => {
      const known = claim && claims.claimed(this.#sql, nowMs, claim);
      if (known !== undefined) {
        return { ...this.#state(), made: known === "idempotency_mismatch" ? "never" : "before" };
      }
      if (plan !== undefined) setPlan(this.#sql, plan);
      if (ratePerMinute !== undefined) {
        this.#sql.exec("UPDATE account SET rate_per_minute = ?", ratePerMinute);
      }
      if (grant !== undefined) ledger.grant(this.#sql, nowMs, grant);
      if (claim !== undefined) claims.addClaim(this.#sql, nowMs, claim, grant?.id ?? "change");
      return { ...this.#state(), made: "now" };
    });
  }

  /** Expires the holds and sessions that are due. The platform may call it late, early or twice. */
  override async alarm(): Promise<void> {
    this.#alarmAtMs = undefined;
    if (!this.#exists) return;
    const nowMs = Date.now();
    const givenUp = this.ctx.storage.transactionSync(() => doUpkeep(this.#sql, nowMs));
    const nextAtMs = nextDueAtMs(this.#sql, nowMs + UPKEEP_MS);
    if (nextAtMs !== undefined) this.#wakeBy(nextAtMs);
    await inquire(this.env, this.ctx.id.toString(), givenUp);
  }

  /**
   * Has the alarm come no later than `atMs`. Setting it costs a write, so an earlier one will do. In a
   * transaction this is the last thing, so that the alarm that is remembered was not taken back.
   * There is only one alarm: where it is not known when it comes, it is set for the earliest of all
   * that is due, which need not be what was made last.
   */
  #wakeBy(atMs: number): void {
    if (this.#alarmAtMs !== undefined && this.#alarmAtMs <= atMs) return;
    const isKnown = this.#alarmAtMs !== undefined;
    const dueMs = isKnown ? atMs : nextDueAtMs(this.#sql, Date.now() + UPKEEP_MS);
    const earliestMs = Math.min(dueMs ?? atMs, atMs);
    void this.ctx.storage.setAlarm(earliestMs);
    this.#alarmAtMs = earliestMs;
  }

  /** Lets a call through that is no execution, and finds what it is about, or says why there is none. */
  #visit<Thing extends object>(
    keyHash: string,
    find: (nowMs: number) => Thing | Refusal["code"],
  ): Visit<Thing> {
    const nowMs = Date.now();
    const key = this.#exists ? keys.findLiveKey(this.#sql, nowMs, keyHash) : undefined;
    if (key === undefined) return { ok: false, code: "invalid_key" };
    const limit = SESSION_CALLS_PER_MINUTE;
    forget(this.#calledAtMs, RATE_WINDOW_MS, nowMs);
    const retryAfterMs = waitMs(this.#calledAtMs, limit, RATE_WINDOW_MS, nowMs);
    if (retryAfterMs === 0) this.#calledAtMs.push(nowMs);
    const rate = rateOf(this.#calledAtMs, limit, RATE_WINDOW_MS, nowMs);
    if (retryAfterMs > 0) return { ok: false, code: "rate_limited", retryAfterMs, rate };
    const found = this.ctx.storage.transactionSync(() => {
      if (key.isUseNews) keys.noteUse(this.#sql, nowMs, keyHash);
      return find(nowMs);
    });
    return typeof found === "string" ? { ok: false, code: found, rate } : { ok: true, rate, found };
  }

  #settleLate(nowMs: number, holdId: string, chargeMicro: number, report: runs.Report): Late {
    const dueMicro = claims.isOwed(this.#sql, holdId) ? chargeMicro : 0;
    const chargedMicro = ledger.settleLate(this.#sql, nowMs, holdId, dueMicro);
    const balanceMicro = ledger.balanceMicro(this.#sql);
    const kept = report.kept && { ...report.kept, leftMicro: balanceMicro };
    runs.noteReport(this.#sql, nowMs, holdId, { ...report, ...(kept && { kept }), chargedMicro });
    return { chargedMicro, balanceMicro };
  }

  #liveSession(nowMs: number, id: string, isUse: boolean): sessions.Session | Refusal["code"] {
    const session = sessions.findSession(this.#sql, nowMs, id);
    const code = sessions.deadEnd(session);
    if (session === undefined || code !== undefined) return code ?? "unknown_session";
    if (isUse) sessions.touchSession(this.#sql, nowMs, id);
    return session;
  }

  #state(): AccountState {
    return { ...termsOf(this.#sql), balanceMicro: ledger.balanceMicro(this.#sql) };
  }
}
