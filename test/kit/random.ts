// Random numbers from a seed, so that a test of many random cases fails again in the same way.

export type Random = {
  /** A whole number from 0 to `below` - 1. */
  below: (below: number) => number;
  pick: <T>(choices: readonly T[]) => T;
  bytes: (length: number) => Buffer;
};

/** Mulberry32: small, fast, and good enough to shuffle with. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (limit: number) => next() % limit;
  return {
    below,
    pick: <T>(choices: readonly T[]) => choices[below(choices.length)] as T,
    bytes: (length) => Buffer.from(Uint8Array.from({ length }, () => below(256))),
  };
}
