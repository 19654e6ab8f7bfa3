// A pool of fake sandboxes in fake time, opened and filled up, with what its tests do to it.

import { afterEach, beforeEach, vi } from "vitest";
import { SANDBOX_KINDS, type SandboxKind } from "../../../shared/languages.ts";
import { type FakeSandbox, type Fakes, fakePool } from "./fake-sandbox.ts";

/** Lets the fake time pass. */
export const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** How many sandboxes a pool has that keeps one of every kind. */
export const KIND_COUNT = SANDBOX_KINDS.length;

/** The same number for every kind. */
export const ofEach = (count: number) => SANDBOX_KINDS.map(() => count);

/** To be called once, at the top of a test file. */
export function usePool() {
  let fakes: Fakes | undefined;

  beforeEach(() => {
    vi.useFakeTimers();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  const current = () => {
    if (fakes === undefined) throw new Error("no pool has been made");
    return fakes;
  };

  /** A pool that has just been opened, and has nothing yet. */
  const openEmpty = (options: Parameters<typeof fakePool>[0] = {}): Fakes => {
    fakes = fakePool(options);
    fakes.pool.open();
    return fakes;
  };

  /** A pool that has had time to fill up. */
  const open = async (options: Parameters<typeof fakePool>[0] = {}): Promise<Fakes> => {
    openEmpty(options);
    await pass(10_000);
    return current();
  };

  /** Takes a sandbox that must be there at once. */
  const takeNow = async (account: string, kind: SandboxKind = SANDBOX_KINDS[0]) => {
    const taken = watch(current().pool.take(account, kind));
    await pass(0);
    if (taken.value === undefined) throw new Error("nothing was free");
    return taken.value;
  };

  /** Leaves nothing idle: one sandbox of every kind is at work for account x. */
  const takeAll = async (): Promise<FakeSandbox> => {
    const [first] = await Promise.all(SANDBOX_KINDS.map((kind) => takeNow("x", kind)));
    if (first === undefined) throw new Error("there are no languages");
    return first;
  };

  const warm = () => SANDBOX_KINDS.map((kind) => current().pool.levels(kind).warm);

  return { current, open, openEmpty, takeNow, takeAll, warm };
}

/** A promise whose state can be looked at. */
export function watch<T>(promise: Promise<T>): { value?: T; failure?: unknown } {
  const seen: { value?: T; failure?: unknown } = {};
  promise.then(
    (value) => {
      seen.value = value;
    },
    (thrown) => {
      seen.failure = thrown;
    },
  );
  return seen;
}
