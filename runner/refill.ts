// What is started, and when: first for callers that nothing else will serve, then so that unused
// sandboxes of every kind wait. A start costs most of a second of processor time, so what nobody
// waits for is started when the host has time to spare, and only now and then when it never has.
// Starts that fail are tried again ever more slowly.

import { SANDBOX_KINDS, type SandboxKind } from "../shared/languages.ts";
import type { PoolEvents } from "./pool-events.ts";

/** What there is, as the pool sees it. */
export type Stock = {
  /** Every sandbox that takes room, but for those that are starting. */
  sandboxes: number;
  leaving: number;
  unowned: (kind: SandboxKind) => number;
  /** How many unused ones should wait. */
  wanted: (kind: SandboxKind) => number;
  /** How many are at work for somebody or being cleaned, and would be slowed by a start. */
  atWork: number;
  /** How many callers wait that a new sandbox would serve, */
  waiting: (kind: SandboxKind) => number;
  /** and how many of them nothing else ever will, because their account has none. */
  strangers: (kind: SandboxKind) => number;
};

export type RefillOptions<S> = {
  start: (kind: SandboxKind, signal: AbortSignal) => Promise<S>;
  started: (sandbox: S) => void;
  /** Asks for one idle sandbox to go, in favour of `kind`, for an account that has none or not. */
  makeRoom: (kind: SandboxKind, forStranger: boolean) => void;
  inBackground: (work: Promise<void>) => void;
  stock: () => Stock;
  ceiling: number;
  startsMax: number;
  hasSpareTime: () => boolean;
  hasMemory: () => boolean;
  events: PoolEvents;
  log: { warn: (fields: object, text: string) => void };
};

const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 10_000;
/** A host that is never idle gets its stock refilled nevertheless, one start in this time. */
const HURRY_AFTER_MS = 2_000;

export class Refill<S> {
  readonly #options: RefillOptions<S>;
  readonly #starting = new Map<SandboxKind, number>();
  readonly #end = new AbortController();
  #retryMs = RETRY_MS_MIN;
  #pausedUntilMs = 0;
  #lastStartMs = 0;

  constructor(options: RefillOptions<S>) {
    this.#options = options;
  }

  /** How many sandboxes of `kind` are being started. */
  starting(kind: SandboxKind): number {
    return this.#starting.get(kind) ?? 0;
  }

  /** Whether no sandbox may be added to `count` of them. */
  isFull(count: number): boolean {
    return count + this.#allStarting() >= this.#options.ceiling;
  }

  /** Starts what is missing and may be started now. */
  run(): void {
    if (this.#end.signal.aborted || Date.now() < this.#pausedUntilMs) return;
    if (this.#allStarting() >= this.#options.startsMax) return;
    const stock = this.#options.stock();
    for (const asked of [stock.strangers, stock.waiting]) {
      for (const kind of SANDBOX_KINDS) this.#startUpTo(asked(kind), kind, stock, asked);
    }
    if (SANDBOX_KINDS.some((kind) => stock.waiting(kind) > 0)) return;
    const most = Math.min(Math.max(...SANDBOX_KINDS.map(stock.wanted)), this.#options.ceiling);
    for (let level = 1; level <= most; level++) {
      for (const kind of SANDBOX_KINDS) {
        if (this.isFull(stock.sandboxes) || !this.#isConvenient(stock)) return;
        this.#startUpTo(Math.min(level, stock.wanted(kind)), kind, stock);
      }
    }
  }

  /** Starts nothing any more and gives up what is being started. */
  stop(): void {
    this.#end.abort();
  }

  /** `asked` is who wants them, if anybody does: then something else may have to go for it. */
  #startUpTo(
    wanted: number,
    kind: SandboxKind,
    stock: Stock,
    asked?: (kind: SandboxKind) => number,
  ): void {
    while (stock.unowned(kind) + this.starting(kind) < wanted) {
      if (this.#allStarting() >= this.#options.startsMax) return;
      if (this.isFull(stock.sandboxes) || !this.#options.hasMemory()) {
        if (asked !== undefined) this.#makeRoom(kind, stock, asked);
        return;
      }
      this.#options.inBackground(this.#startOne(kind));
    }
  }

  /** Without room one leaves for each that waits; when it has gone, there is some. */
  #makeRoom(kind: SandboxKind, stock: Stock, asked: (kind: SandboxKind) => number): void {
    const needed = SANDBOX_KINDS.reduce((sum, id) => sum + asked(id), 0);
    if (stock.leaving >= needed) return;
    stock.leaving++;
    this.#options.makeRoom(kind, asked === stock.strangers);
  }

  /** Whether something that nobody waits for may be started now. */
  #isConvenient({ atWork }: Stock): boolean {
    if (atWork === 0 || this.#options.hasSpareTime()) return true;
    return this.#allStarting() === 0 && Date.now() - this.#lastStartMs > HURRY_AFTER_MS;
  }

  #allStarting(): number {
    let count = 0;
    for (const n of this.#starting.values()) count += n;
    return count;
  }

  async #startOne(kind: SandboxKind): Promise<void> {
    const { start, started, events, log } = this.#options;
    const startedAtMs = performance.now();
    this.#lastStartMs = Date.now();
    this.#starting.set(kind, this.starting(kind) + 1);
    const over = () => this.#starting.set(kind, this.starting(kind) - 1);
    try {
      const sandbox = await start(kind, this.#end.signal);
      over();
      this.#retryMs = RETRY_MS_MIN;
      events.started(kind, performance.now() - startedAtMs);
      started(sandbox);
    } catch (thrown) {
      over();
      if (this.#end.signal.aborted) return;
      events.startFailed(kind);
      log.warn({ err: thrown, kind }, "sandbox not started");
      this.#pause();
    }
    this.run();
  }

  /** Starts under way at once tend to fail together, which counts as one failure. */
  #pause(): void {
    const now = Date.now();
    if (now < this.#pausedUntilMs) return;
    this.#pausedUntilMs = now + this.#retryMs;
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS_MAX);
  }
}
