// Who gets which sandbox. Per language some sandboxes wait that have served nobody; one that has
// served an account goes on serving that account only, cleaned in between, and is removed when the
// account goes quiet. An execution that finds none waits a bounded time in a bounded line and then
// hears `busy`; nothing has run by then. The pool never looks into a sandbox and never waits for
// one on behalf of a caller longer than it said it would.

import { Failure } from "../shared/errors.ts";
import { LANGUAGE_IDS, type LanguageId } from "../shared/languages.ts";
import {
  BUSY_RETRY_AFTER_MS,
  FREEZE_AFTER_MS,
  QUEUE_WAIT_MS_MAX,
  SANDBOX_IDLE_MS_MAX,
} from "../shared/limits.ts";

/** What the pool needs of a sandbox. */
export type Pooled = {
  readonly language: LanguageId;
  accountId: string | undefined;
  readonly isWorn: boolean;
  readonly isFrozen: boolean;
  readonly fault: Error | undefined;
  freeze(): Promise<void>;
  recycle(): Promise<void>;
  remove(): Promise<void>;
};

export type PoolOptions<S extends Pooled> = {
  start: (language: LanguageId) => Promise<S>;
  /** Unowned sandboxes of each language kept waiting. */
  floor: number;
  /** Sandboxes in all. */
  ceiling: number;
  /** One container per execution: nothing is ever recycled. */
  strict: boolean;
  /** How many container starts may be under way at once. */
  startsMax: number;
  log: { warn: (fields: object, text: string) => void };
};

type Waiter<S> = {
  accountId: string;
  language: LanguageId;
  resolve: (sandbox: S) => void;
  reject: (failure: Failure) => void;
};

/** Callers that may wait for a sandbox at once; the next one hears `busy` immediately. */
const WAITERS_MAX = 256;
const TICK_MS = 1000;
const START_RETRY_MS_MIN = 500;
const START_RETRY_MS_MAX = 30_000;

export class Pool<S extends Pooled> {
  readonly #options: PoolOptions<S>;
  /** Every live sandbox with the moment it became idle, or `undefined` while it is not. */
  readonly #idleSinceMs = new Map<S, number | undefined>();
  readonly #starting = new Map<LanguageId, number>();
  /** Those being removed, which take their room until they are gone. */
  readonly #leaving = new Set<S>();
  readonly #ends = new Set<Promise<void>>();
  #waiters: Waiter<S>[] = [];
  #retryMs = START_RETRY_MS_MIN;
  #pausedUntilMs = 0;
  #draining = false;
  #tick: NodeJS.Timeout | undefined;

  constructor(options: PoolOptions<S>) {
    this.#options = options;
  }

  /** Begins to fill up, and to look after what is idle. */
  open(): void {
    if (this.#draining) return;
    this.#tick = setInterval(() => this.#lookAfter(), TICK_MS);
    this.#fill();
  }

  /**
   * A warm sandbox for one execution of `accountId`. Throws Failure `busy` when none is free in
   * time. The caller must hand it back with `release`.
   */
  async take(accountId: string, language: LanguageId): Promise<S> {
    const found = this.#find(accountId, language);
    if (found !== undefined) return this.#claim(found, accountId);
    if (this.#draining || this.#waiters.length >= WAITERS_MAX) throw busy();
    return this.#wait(accountId, language);
  }

  /** Takes a sandbox back after its job. It is cleaned, or removed if spent, in the background. */
  release(sandbox: S, options: { isSpent?: boolean } = {}): void {
    this.#inBackground(this.#restore(sandbox, options.isSpent === true));
  }

  /** Sandboxes of `language`: how many wait, and how many are at work or being made ready. */
  levels(language: LanguageId): { warm: number; busy: number } {
    const all = this.#of(language);
    const live = all.filter((sandbox) => sandbox.fault === undefined);
    const warm = live.filter((sandbox) => this.#isIdle(sandbox)).length;
    return { warm, busy: live.length - warm };
  }

  /** Container ids cannot be asked of a type parameter, so the reaper gets the sandboxes. */
  all(): S[] {
    return [...this.#idleSinceMs.keys()];
  }

  /** Takes no more, and resolves when every sandbox, idle or returned, is gone. */
  async drain(): Promise<void> {
    this.#draining = true;
    clearInterval(this.#tick);
    for (const waiter of this.#waiters.splice(0)) waiter.reject(busy());
    for (const sandbox of this.all()) {
      if (this.#isIdle(sandbox)) this.#discard(sandbox);
    }
    while (this.#idleSinceMs.size > 0 || this.#ends.size > 0) {
      await Promise.race([...this.#ends, delay(50)]);
    }
  }

  #of(language: LanguageId): S[] {
    return this.all().filter((sandbox) => sandbox.language === language);
  }

  #isIdle(sandbox: S): boolean {
    return this.#idleSinceMs.get(sandbox) !== undefined;
  }

  /** The account's own sandbox if one is idle, else one that has served nobody; oldest first. */
  #find(accountId: string, language: LanguageId): S | undefined {
    const idle = this.#of(language).filter((s) => this.#isIdle(s) && s.fault === undefined);
    return (
      idle.find((sandbox) => sandbox.accountId === accountId) ??
      idle.find((sandbox) => sandbox.accountId === undefined)
    );
  }

  #claim(sandbox: S, accountId: string): S {
    this.#idleSinceMs.set(sandbox, undefined);
    sandbox.accountId = accountId;
    this.#fill();
    return sandbox;
  }

  #wait(accountId: string, language: LanguageId): Promise<S> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        reject(busy());
      }, QUEUE_WAIT_MS_MAX);
      const waiter: Waiter<S> = {
        accountId,
        language,
        resolve: (sandbox) => {
          clearTimeout(timer);
          resolve(sandbox);
        },
        reject: (failure) => {
          clearTimeout(timer);
          reject(failure);
        },
      };
      this.#waiters.push(waiter);
      this.#fill();
    });
  }

  /** A sandbox has become warm: the first caller it fits gets it, or it waits. */
  #offer(sandbox: S): void {
    if (this.#draining) return this.#discard(sandbox);
    this.#idleSinceMs.set(sandbox, Date.now());
    const waiter = this.#waiters.find(
      ({ accountId, language }) =>
        language === sandbox.language &&
        (sandbox.accountId === undefined || sandbox.accountId === accountId),
    );
    if (waiter === undefined) return;
    this.#waiters = this.#waiters.filter((other) => other !== waiter);
    waiter.resolve(this.#claim(sandbox, waiter.accountId));
  }

  async #restore(sandbox: S, isSpent: boolean): Promise<void> {
    const isUnwanted = isSpent || this.#options.strict || sandbox.isWorn || this.#draining;
    if (isUnwanted || sandbox.fault !== undefined) return this.#discard(sandbox);
    try {
      await sandbox.recycle();
      this.#offer(sandbox);
    } catch (thrown) {
      this.#options.log.warn({ err: thrown, language: sandbox.language }, "sandbox not reusable");
      this.#discard(sandbox);
    }
  }

  #discard(sandbox: S): void {
    this.#idleSinceMs.delete(sandbox);
    this.#leaving.add(sandbox);
    const gone = sandbox.remove().finally(() => {
      this.#leaving.delete(sandbox);
      this.#fill();
    });
    this.#inBackground(gone);
  }

  #inBackground(work: Promise<void>): void {
    const end = work
      .catch((thrown) => this.#options.log.warn({ err: thrown }, "sandbox not removed"))
      .finally(() => this.#ends.delete(end));
    this.#ends.add(end);
  }

  /** Starts what is missing: first for those who wait, then one of each language, then the floor. */
  #fill(): void {
    if (this.#draining) return;
    for (const language of LANGUAGE_IDS) {
      while (this.#lacks(language, this.#waitersFor(language)) && this.#mayStart(language)) {
        this.#inBackground(this.#startOne(language));
      }
    }
    if (this.#waiters.length > 0) return;
    for (let level = 1; level <= this.#options.floor; level++) {
      for (const language of LANGUAGE_IDS) {
        if (!this.#lacks(language, level) || !this.#mayStart(language)) continue;
        this.#inBackground(this.#startOne(language));
      }
    }
  }

  #waitersFor(language: LanguageId): number {
    return this.#waiters.filter((waiter) => waiter.language === language).length;
  }

  #lacks(language: LanguageId, wanted: number): boolean {
    const unowned = this.#of(language).filter((s) => this.#isIdle(s) && s.accountId === undefined);
    return unowned.length + (this.#starting.get(language) ?? 0) < wanted;
  }

  #mayStart(language: LanguageId): boolean {
    if (Date.now() < this.#pausedUntilMs) return false;
    if (this.#startingCount() >= this.#options.startsMax) return false;
    const count = this.#idleSinceMs.size + this.#leaving.size + this.#startingCount();
    if (count < this.#options.ceiling) return true;
    // One leaves for each that waits; when it has gone, there is room.
    if (this.#leaving.size < this.#waiters.length) this.#makeRoomFor(language);
    return false;
  }

  #startingCount(): number {
    let count = 0;
    for (const n of this.#starting.values()) count += n;
    return count;
  }

  /**
   * At the ceiling, what has been idle longest for an account of its own goes; if there is none,
   * what waits unused for another language.
   */
  #makeRoomFor(language: LanguageId): void {
    const idleSince = (sandbox: S) => this.#idleSinceMs.get(sandbox) ?? 0;
    const idle = this.all()
      .filter((sandbox) => this.#isIdle(sandbox))
      .sort((a, b) => idleSince(a) - idleSince(b));
    const victim =
      idle.find((sandbox) => sandbox.accountId !== undefined) ??
      idle.find((sandbox) => sandbox.language !== language);
    if (victim !== undefined) this.#discard(victim);
  }

  async #startOne(language: LanguageId): Promise<void> {
    this.#starting.set(language, (this.#starting.get(language) ?? 0) + 1);
    try {
      const sandbox = await this.#options.start(language);
      this.#retryMs = START_RETRY_MS_MIN;
      this.#offer(sandbox);
    } catch (thrown) {
      this.#pausedUntilMs = Date.now() + this.#retryMs;
      this.#retryMs = Math.min(this.#retryMs * 2, START_RETRY_MS_MAX);
      this.#options.log.warn({ err: thrown, language }, "sandbox not started");
    } finally {
      this.#starting.set(language, (this.#starting.get(language) ?? 1) - 1);
      this.#fill();
    }
  }

  /** Once a second: freezes what idles, removes what an account left behind and what has died. */
  #lookAfter(): void {
    const now = Date.now();
    for (const [sandbox, idleSinceMs] of this.#idleSinceMs) {
      if (idleSinceMs === undefined) continue;
      const idleMs = now - idleSinceMs;
      const isLeftBehind = sandbox.accountId !== undefined && idleMs > SANDBOX_IDLE_MS_MAX;
      if (sandbox.fault !== undefined || isLeftBehind) this.#discard(sandbox);
      else if (idleMs > FREEZE_AFTER_MS && !sandbox.isFrozen) this.#inBackground(sandbox.freeze());
    }
    this.#fill();
  }
}

function busy(): Failure {
  return new Failure("busy", { retryAfterMs: BUSY_RETRY_AFTER_MS });
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
