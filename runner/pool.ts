// Who gets which sandbox. Per kind some sandboxes wait that have served nobody; one that has
// served an account goes on serving that account only, cleaned in between, and is removed when the
// account goes quiet. An execution that finds none waits a bounded time in a bounded line and then
// hears `busy`; nothing has run by then. What is to be started, and when, refill.ts decides. The pool
// never looks into a sandbox and never waits for one on behalf of a caller longer than it said.

import type { SandboxKind } from "../shared/languages.ts";
import { FREEZE_AFTER_MS, SANDBOX_IDLE_MS_MAX } from "../shared/limits.ts";
import { Demand } from "./demand.ts";
import { busy, Line, type Waiter } from "./line.ts";
import { type PoolEvents, unheard } from "./pool-events.ts";
import { Refill } from "./refill.ts";
import { type Levels, Slots } from "./slots.ts";

export type { Levels };

/** What the pool needs of a sandbox. */
export type Pooled = {
  readonly kind: SandboxKind;
  accountId: string | undefined;
  readonly isWorn: boolean;
  readonly isFrozen: boolean;
  readonly fault: Error | undefined;
  freeze(): Promise<void>;
  /** Looks whether a frozen one is still alive; `fault` says so when not. */
  check(): Promise<void>;
  recycle(): Promise<void>;
  remove(): Promise<void>;
};

export type PoolOptions<S extends Pooled> = {
  /** Starts one; gives up, leaving nothing, when `signal` says so. */
  start: (kind: SandboxKind, signal: AbortSignal) => Promise<S>;
  /** Unowned sandboxes of each kind kept waiting when nobody asks for any. */
  floor: number;
  /** Sandboxes in all. */
  ceiling: number;
  /** One container per execution: nothing is ever recycled. */
  strict: boolean;
  /** How many container starts may be under way at once. */
  startsMax: number;
  /** Whether the host has processor time that nobody uses; true where nobody looks. */
  hasSpareTime?: () => boolean;
  /** Whether the host has memory for one more sandbox; true where nobody looks. */
  hasMemory?: () => boolean;
  /** Asks for a kept sandbox to be given up, in favour of somebody; whether there was one. */
  giveUp?: () => boolean;
  events?: Partial<PoolEvents>;
  log: { warn: (fields: object, text: string) => void };
};

/**
 * An account that has this many sandboxes of a kind waits a little for one of them before it
 * takes an unused one: two are enough for one to work while the other is cleaned.
 */
const OWN_MIN = 2;
const PATIENCE_MS = 100;
const UPKEEP_MS = 1000;
/** Most executions are over by then. */
const REFILL_DELAY_MS = 50;
const CHECK_MS = 4500;
/** How often it is looked whether somebody has waited long enough for something else to be done. */
const LINE_MS = 50;

export class Pool<S extends Pooled> {
  readonly #options: PoolOptions<S>;
  readonly #events: PoolEvents;
  readonly #slots = new Slots<S>();
  /** Those being removed, which take their room until they are gone. */
  readonly #leaving = new Set<S>();
  readonly #works = new Set<Promise<void>>();
  readonly #line = new Line<S>();
  readonly #demand: Demand;
  readonly #refill: Refill<S>;
  #isDraining = false;
  #checkedMs = 0;
  #upkeep: NodeJS.Timeout | undefined;
  #lineWatch: NodeJS.Timeout | undefined;
  #refillTimer: NodeJS.Timeout | undefined;

  constructor(options: PoolOptions<S>) {
    this.#options = options;
    this.#events = { ...unheard, ...options.events };
    this.#demand = new Demand(options.floor);
    this.#refill = new Refill<S>({
      ...options,
      hasSpareTime: options.hasSpareTime ?? (() => true),
      hasMemory: options.hasMemory ?? (() => true),
      events: this.#events,
      started: (sandbox) => this.#offer(sandbox),
      makeRoom: (kind, forStranger) => this.#makeRoom(kind, forStranger),
      inBackground: (work) => this.#inBackground(work),
      stock: () => this.#stock(),
    });
  }

  /** Begins to fill up, and to look after what is idle. */
  open(): void {
    if (this.#isDraining) return;
    this.#upkeep = setInterval(() => this.#lookAfter(), UPKEEP_MS);
    this.#refill.run();
  }

  /**
   * A warm sandbox for one execution of `accountId`. Throws Failure `busy` when none is free in
   * time. The caller must hand it back with `release`.
   */
  async take(accountId: string, kind: SandboxKind): Promise<S> {
    if (this.#isDraining) throw this.#refuse(kind);
    const caller = { accountId, kind, sinceMs: Date.now() };
    const found = this.#findOwn(caller) ?? this.#findUnowned(caller);
    if (found !== undefined) return this.#claim(found, caller, "at once");
    if (this.#line.isFull) throw this.#refuse(kind);
    if (this.#owned(caller) === 0) this.#demand.note(kind, caller.sinceMs);
    const waiting = this.#line.join(accountId, kind);
    this.#lineWatch ??= setInterval(() => this.#serveLine(), LINE_MS);
    this.#refill.run();
    return waiting.catch(() => {
      throw this.#refuse(kind);
    });
  }

  /** Takes a sandbox back after its job. It is cleaned, or removed if spent, in the background. */
  release(sandbox: S, options: { isSpent?: boolean } = {}): void {
    this.#inBackground(this.#restore(sandbox, options.isSpent === true));
  }

  /**
   * Lets a sandbox that was taken wait for its holder's next job: it counts neither as at work nor as
   * one that its account could have for something else. Freezing it is the holder's business. A pool
   * that is drained keeps nothing.
   */
  keep(sandbox: S): void {
    if (!this.#slots.has(sandbox)) return;
    if (this.#isDraining) return this.#discard(sandbox, "drain");
    this.#slots.mark(sandbox, "kept");
  }

  /** The opposite of `keep`, before the next job. */
  resume(sandbox: S): void {
    if (this.#slots.has(sandbox)) this.#slots.mark(sandbox, "working");
  }

  /** Sandboxes of `kind`: how many wait, and how many are at work or being made ready. */
  levels(kind: SandboxKind): { warm: number; busy: number } {
    const { idle, working, cleaning } = this.count(kind);
    return { warm: idle, busy: working + cleaning };
  }

  /** Sandboxes of `kind` by what they are doing; those that have failed count only as leaving. */
  count(kind: SandboxKind): Levels {
    return {
      ...this.#slots.count(kind),
      starting: this.#refill.starting(kind),
      leaving: [...this.#leaving].filter((sandbox) => sandbox.kind === kind).length,
    };
  }

  /** How many callers wait for a sandbox. */
  get waiting(): number {
    return this.#line.length;
  }

  /** Every sandbox there is, those on their way out included. */
  all(): S[] {
    return [...this.#slots.keys(), ...this.#leaving];
  }

  /**
   * Takes no more callers, removes at once whatever does not work for somebody, and resolves when
   * the last sandbox is gone.
   */
  async drain(): Promise<void> {
    this.#isDraining = true;
    clearInterval(this.#upkeep);
    clearInterval(this.#lineWatch);
    clearTimeout(this.#refillTimer);
    this.#line.close();
    this.#refill.stop();
    for (const [sandbox, { state }] of this.#slots.entries()) {
      if (state !== "working") this.#discard(sandbox, "drain");
    }
    while (this.#slots.size > 0 || this.#works.size > 0) {
      await Promise.race([...this.#works, delay(50)]);
    }
  }

  #refuse(kind: SandboxKind) {
    this.#events.refused(kind);
    return busy();
  }

  /** The account's own idle sandbox, longest idle first. */
  #findOwn({ accountId, kind }: Caller): S | undefined {
    return this.#slots.idle().find((s) => s.kind === kind && s.accountId === accountId);
  }

  /**
   * One that has served nobody, unless the caller does better to wait for one of its own: it has
   * some, and either has only just begun to wait or the processors are busy anyway.
   */
  #findUnowned(caller: Caller): S | undefined {
    if (!this.#mayExpand(caller)) return undefined;
    return this.#slots.idle().find((s) => s.kind === caller.kind && s.accountId === undefined);
  }

  #mayExpand(caller: Caller, owned = this.#owned(caller)): boolean {
    if (this.#options.strict || owned < OWN_MIN) return true;
    const isPatient = Date.now() - caller.sinceMs < PATIENCE_MS;
    return !isPatient && (this.#options.hasSpareTime?.() ?? true);
  }

  /** How many sandboxes of the caller's kind its account has. */
  #owned(caller: Caller): number {
    return this.#slots.census()(caller);
  }

  #claim(sandbox: S, caller: Caller, when: "at once" | "after a wait"): S {
    const isOwn = sandbox.accountId !== undefined;
    const now = Date.now();
    if (!isOwn && when === "at once") this.#demand.note(caller.kind, now);
    this.#events.taken(caller.kind, { isOwn, waitedMs: now - caller.sinceMs, when });
    this.#slots.mark(sandbox, "working");
    sandbox.accountId = caller.accountId;
    if (!isOwn) this.#refillSoon();
    return sandbox;
  }

  /** A start at once would take the processors from the very execution that made it necessary. */
  #refillSoon(): void {
    this.#refillTimer ??= setTimeout(() => {
      this.#refillTimer = undefined;
      this.#refill.run();
    }, REFILL_DELAY_MS);
  }

  /** A sandbox has become warm: it goes to somebody who waits for it, or waits itself. */
  #offer(sandbox: S): void {
    if (this.#isDraining) return this.#discard(sandbox, "drain");
    this.#slots.mark(sandbox, "idle");
    this.#serveLine();
  }

  /** Hands out what fits: own sandboxes first, then unused ones, to those who have none before all. */
  #serveLine(): void {
    const isAnyIdle = () => this.#slots.idle().length > 0;
    for (const waiter of isAnyIdle() ? this.#line.waiters() : []) {
      this.#hand(this.#findOwn(waiter), waiter);
    }
    for (const waiter of isAnyIdle() ? [...this.#strangers(), ...this.#line.waiters()] : []) {
      if (this.#line.has(waiter)) this.#hand(this.#findUnowned(waiter), waiter);
    }
    if (this.#line.length > 0) return this.#refill.run();
    clearInterval(this.#lineWatch);
    this.#lineWatch = undefined;
  }

  #hand(sandbox: S | undefined, waiter: Waiter<S>): void {
    if (sandbox === undefined) return;
    waiter.hand(sandbox); // leaves the line, so that nothing is started for who has been served
    this.#claim(sandbox, waiter, "after a wait");
  }

  async #restore(sandbox: S, isSpent: boolean): Promise<void> {
    const unfit = this.#whyUnfit(sandbox, isSpent);
    if (unfit !== undefined) return this.#discard(sandbox, unfit);
    try {
      this.#slots.mark(sandbox, "cleaning");
      await sandbox.recycle();
    } catch (thrown) {
      if (!this.#slots.has(sandbox)) return; // removed under the cleaning
      this.#options.log.warn({ err: thrown, kind: sandbox.kind }, "sandbox not reusable");
      return this.#discard(sandbox, "fault");
    }
    if (this.#slots.has(sandbox)) this.#offer(sandbox);
  }

  #whyUnfit(sandbox: S, isSpent: boolean): string | undefined {
    if (sandbox.fault !== undefined) return "fault";
    if (this.#isDraining) return "drain";
    if (isSpent || this.#options.strict) return "single use";
    if (sandbox.isWorn) return "worn";
    const isFull = this.#refill.isFull(this.#slots.size + this.#leaving.size);
    return isFull && this.#strangers().length > this.#leaving.size
      ? "room for another account"
      : undefined;
  }

  /** Callers whose account has nothing, so that no cleaning of anybody's will ever serve them. */
  #strangers(): Waiter<S>[] {
    const owned = this.#slots.census();
    return this.#line.waiters().filter((waiter) => owned(waiter) === 0);
  }

  #discard(sandbox: S, why: string): void {
    if (this.#leaving.has(sandbox)) return;
    this.#events.ended(sandbox.kind, why);
    this.#slots.delete(sandbox);
    this.#leaving.add(sandbox);
    const gone = sandbox.remove().finally(() => {
      this.#leaving.delete(sandbox);
      this.#refill.run();
    });
    this.#inBackground(gone);
  }

  #inBackground(work: Promise<void>): void {
    const end = work
      .catch((thrown) => this.#options.log.warn({ err: thrown }, "sandbox not removed"))
      .finally(() => this.#works.delete(end));
    this.#works.add(end);
  }

  /** What refill.ts needs to know to decide what is missing. */
  #stock() {
    const now = Date.now();
    const owned = this.#slots.census();
    const waiters = this.#line.waiters();
    const idle = this.#slots.idle().filter(({ accountId }) => accountId === undefined);
    const among = (some: readonly { kind: SandboxKind }[]) => (kind: SandboxKind) =>
      some.filter((one) => one.kind === kind).length;
    return {
      sandboxes: this.#slots.size + this.#leaving.size,
      leaving: this.#leaving.size,
      atWork: this.#slots.atWork,
      unowned: among(idle),
      wanted: (kind: SandboxKind) => this.#demand.level(kind, now),
      waiting: among(waiters.filter((waiter) => this.#mayExpand(waiter, owned(waiter)))),
      strangers: among(waiters.filter((waiter) => owned(waiter) === 0)),
    };
  }

  /**
   * At the ceiling, what has been idle longest for an account of its own goes; if there is none,
   * what is kept and may be given up; and if there is none of that, what waits unused for another
   * kind, but only in favour of an account that has nothing.
   */
  #makeRoom(kind: SandboxKind, forStranger: boolean): void {
    const idle = this.#slots.idle();
    const owned = idle.find((sandbox) => sandbox.accountId !== undefined);
    if (owned === undefined && this.#options.giveUp?.() === true) return;
    const unused = forStranger ? idle.find((sandbox) => sandbox.kind !== kind) : undefined;
    const victim = owned ?? unused;
    if (victim !== undefined) this.#discard(victim, "room for another");
  }

  /** Once a second: freezes what idles, removes what nobody needs any more and what has died. */
  #lookAfter(): void {
    const now = Date.now();
    for (const [sandbox, { state, sinceMs }] of [...this.#slots.entries()]) {
      if (state !== "idle") continue;
      const idleMs = now - sinceMs;
      if (sandbox.fault !== undefined) this.#discard(sandbox, "fault");
      else if (idleMs > SANDBOX_IDLE_MS_MAX && this.#isSurplus(sandbox, now)) {
        this.#discard(sandbox, "idle");
      } else if (idleMs > FREEZE_AFTER_MS && !sandbox.isFrozen) {
        this.#inBackground(sandbox.freeze());
      } else if (sandbox.isFrozen && now - this.#checkedMs > CHECK_MS) {
        this.#inBackground(sandbox.check());
      }
    }
    if (now - this.#checkedMs > CHECK_MS) this.#checkedMs = now;
    this.#refill.run();
  }

  #isSurplus(sandbox: S, nowMs: number): boolean {
    if (sandbox.accountId !== undefined) return true;
    const { kind } = sandbox;
    return this.count(kind).unowned > this.#demand.level(kind, nowMs);
  }
}

type Caller = {
  readonly accountId: string;
  readonly kind: SandboxKind;
  readonly sinceMs: number;
};

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
