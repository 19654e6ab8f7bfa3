// What must be true of every ledger, and chance that can be repeated.

import { expect } from "vitest";

export type Entry = { kind: string; id: string; amount_micro: number; balance_micro: number };

/** Every entry's balance is the sum so far, is not negative, and every hold ended once. */
export function checkLedger(entries: Entry[]): void {
  let sumMicro = 0;
  const open = new Map<string, number>();
  const ended = new Set<string>();
  for (const { kind, id, amount_micro, balance_micro } of entries) {
    sumMicro += amount_micro;
    expect(balance_micro).toBe(sumMicro);
    expect(sumMicro).toBeGreaterThanOrEqual(0);
    if (kind === "grant") continue;
    expect(ended.has(id)).toBe(false);
    if (kind === "reserve") open.set(id, -amount_micro);
    else {
      expect(amount_micro).toBeLessThanOrEqual(open.get(id) ?? -1);
      ended.add(id);
    }
  }
  expect(ended.size).toBe(open.size);
}

/** The same numbers for the same seed, so that a failure can be repeated. */
export function randomFrom(seed: number): () => number {
  let state = seed * 2_654_435_761;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
}
