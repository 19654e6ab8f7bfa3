// Sandboxes that run nothing, for the pool's tests: they start, clean and end when they are told to,
// and complain when they are used in a way no real one would stand.

import { Pool, type Pooled, type PoolOptions } from "../../../runner/pool.ts";
import type { SandboxKind } from "../../../shared/languages.ts";

const START_MS = 700;
const RECYCLE_MS = 30;
const REMOVE_MS = 200;

export class FakeSandbox implements Pooled {
  readonly kind: SandboxKind;
  readonly number: number;
  accountId: string | undefined;
  isWorn = false;
  isFrozen = false;
  fault: Error | undefined;
  /** Every account it has ever been handed to. */
  readonly accounts = new Set<string>();
  isRemoved = false;
  isGone = false;
  recycles = 0;
  recycleFails = false;

  constructor(kind: SandboxKind, number: number) {
    this.kind = kind;
    this.number = number;
  }

  async freeze(): Promise<void> {
    this.#mustLive("freeze");
    this.isFrozen = true;
  }

  async check(): Promise<void> {
    this.#mustLive("check");
  }

  async recycle(): Promise<void> {
    this.#mustLive("recycle");
    this.isFrozen = false;
    await later(RECYCLE_MS);
    if (this.recycleFails) {
      this.fault = new Error("files that would not go");
      throw this.fault;
    }
    this.recycles++;
  }

  async remove(): Promise<void> {
    this.isRemoved = true;
    this.fault ??= new Error("the sandbox was removed");
    await later(REMOVE_MS);
    this.isGone = true;
  }

  #mustLive(what: string): void {
    if (this.isRemoved) throw new Error(`${what} of a removed sandbox`);
  }
}

export type Fakes = {
  pool: Pool<FakeSandbox>;
  /** Every sandbox ever started, in order. */
  made: FakeSandbox[];
  /** Those that exist right now, on their way out or not, and those that are on their way in. */
  alive: () => number;
  starting: () => number;
  warnings: string[];
  /** While true, every start fails. */
  startsFail: { yes: boolean };
  startCount: () => number;
};

/** A pool over fake sandboxes. The caller uses fake timers. */
export function fakePool(options: Partial<PoolOptions<FakeSandbox>> = {}): Fakes {
  const made: FakeSandbox[] = [];
  const warnings: string[] = [];
  const startsFail = { yes: false };
  let starting = 0;
  let starts = 0;
  const start = async (kind: SandboxKind) => {
    starting++;
    starts++;
    try {
      await later(START_MS);
      if (startsFail.yes) throw new Error("no image");
      const sandbox = new FakeSandbox(kind, made.length);
      made.push(sandbox);
      return sandbox;
    } finally {
      starting--;
    }
  };
  const pool = new Pool<FakeSandbox>({
    start,
    floor: 1,
    ceiling: 12,
    strict: false,
    startsMax: 2,
    log: { warn: (_fields, text) => void warnings.push(text) },
    ...options,
  });
  return {
    pool,
    made,
    warnings,
    startsFail,
    starting: () => starting,
    startCount: () => starts,
    alive: () => made.filter(({ isGone }) => !isGone).length,
  };
}

export function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
