// What holds for a pool whatever happens in whatever order: no sandbox ever serves two accounts or
// two callers at once, nothing dead is handed out, every caller hears something in time, and in the
// end nothing is left. The orders are random and fail again from the same seed.

import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SANDBOX_KINDS } from "../../shared/languages.ts";
import { QUEUE_WAIT_MS_MAX } from "../../shared/limits.ts";
import { type Random, randomFrom } from "../kit/random.ts";
import { type FakeSandbox, type Fakes, fakePool } from "./kit/fake-sandbox.ts";

const HISTORIES = 60;
const STEPS = 120;
const ACCOUNTS = ["a", "b", "c", "d"];

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("in every history of a pool", () => {
  let served = 0;

  afterAll(() => {
    // Otherwise the histories would be too poor to tell anything.
    expect(served).toBeGreaterThan(HISTORIES * 15);
  });

  it.each(Array.from({ length: HISTORIES }, (_, seed) => seed))(
    "a sandbox serves one account and one caller at a time (%d)",
    async (seed) => {
      const random = randomFrom(seed);
      const fakes = fakePool({
        floor: 1 + random.below(2),
        ceiling: 2 * SANDBOX_KINDS.length + 1 + random.below(6),
        strict: random.below(5) === 0,
      });
      const history = new History(fakes, random);
      fakes.pool.open();
      for (let step = 0; step < STEPS; step++) await history.step();
      await history.finish();
      expect(history.violations).toEqual([]);
      expect(fakes.alive()).toBe(0);
      expect(history.unanswered).toBe(0);
      served += history.served;
    },
  );
});

class History {
  readonly #fakes: Fakes;
  readonly #random: Random;
  readonly #held = new Set<FakeSandbox>();
  readonly violations: string[] = [];
  unanswered = 0;
  served = 0;

  constructor(fakes: Fakes, random: Random) {
    this.#fakes = fakes;
    this.#random = random;
  }

  async step(): Promise<void> {
    const act = this.#random.pick([
      () => this.#take(),
      () => this.#take(),
      () => this.#take(),
      () => this.#release(),
      () => this.#release(),
      () => this.#kill(),
      () => this.#breakStarts(),
    ]);
    act();
    const ms = this.#random.pick([0, 0, 1, 20, 200, 1000, 3000]);
    await vi.advanceTimersByTimeAsync(ms);
  }

  /** Gives everything back and lets the pool end; the drain itself may not hang. */
  async finish(): Promise<void> {
    this.#fakes.startsFail.yes = false;
    let isDrained = false;
    if (this.#random.below(2) === 0) {
      for (const sandbox of this.#held) this.#give(sandbox);
    }
    this.#fakes.pool.drain().then(() => {
      isDrained = true;
    });
    for (const sandbox of [...this.#held]) this.#give(sandbox);
    await vi.advanceTimersByTimeAsync(QUEUE_WAIT_MS_MAX + 60_000);
    for (const sandbox of [...this.#held]) this.#give(sandbox);
    await vi.advanceTimersByTimeAsync(60_000);
    if (!isDrained) this.violations.push("the drain never came to an end");
  }

  #take(): void {
    const account = this.#random.pick(ACCOUNTS);
    const kind = this.#random.pick(SANDBOX_KINDS);
    const askedAtMs = Date.now();
    this.unanswered++;
    this.#fakes.pool.take(account, kind).then(
      (sandbox) => {
        this.#answered(askedAtMs);
        this.served++;
        this.#check(sandbox, account, kind);
        this.#held.add(sandbox);
      },
      (thrown) => {
        this.#answered(askedAtMs);
        if (thrown?.code !== "busy") this.violations.push(`failed with ${thrown}`);
      },
    );
  }

  #answered(askedAtMs: number): void {
    this.unanswered--;
    const waitedMs = Date.now() - askedAtMs;
    if (waitedMs > QUEUE_WAIT_MS_MAX) this.violations.push(`waited ${waitedMs} ms`);
  }

  #check(sandbox: FakeSandbox, account: string, kind: string): void {
    sandbox.accounts.add(account);
    if (sandbox.accounts.size > 1) this.violations.push(`${sandbox.number} serves two accounts`);
    if (sandbox.accountId !== account) this.violations.push(`${sandbox.number} is somebody else's`);
    if (this.#held.has(sandbox)) this.violations.push(`${sandbox.number} has two callers`);
    if (sandbox.isRemoved) this.violations.push(`${sandbox.number} is removed`);
    if (sandbox.kind !== kind) this.violations.push(`${sandbox.number} speaks another kind`);
  }

  #release(): void {
    const [first] = this.#held;
    if (first !== undefined) this.#give(first);
  }

  #give(sandbox: FakeSandbox): void {
    this.#held.delete(sandbox);
    sandbox.isWorn = this.#random.below(10) === 0;
    sandbox.recycleFails = this.#random.below(8) === 0;
    this.#fakes.pool.release(sandbox, { isSpent: this.#random.below(8) === 0 });
  }

  #kill(): void {
    const victims = this.#fakes.made.filter(({ isRemoved }) => !isRemoved);
    if (victims.length === 0) return;
    this.#random.pick(victims).fault ??= new Error("the sandbox ended");
  }

  #breakStarts(): void {
    this.#fakes.startsFail.yes = this.#random.below(3) === 0;
  }
}
