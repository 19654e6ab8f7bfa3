// The few figures a series of measurements is summed up by. Medians, because one slow moment of the
// machine must not decide; nothing here drops a value that was measured.

export type Summary = { count: number; p50Ms: number; p99Ms: number; minMs: number };

/** Median, 99th percentile (nearest rank) and minimum of a series that is not empty. */
export function summarize(timesMs: readonly number[]): Summary {
  return {
    count: timesMs.length,
    p50Ms: median(timesMs),
    p99Ms: percentile(timesMs, 0.99),
    minMs: Math.min(...timesMs),
  };
}

/** The middle of a series that is not empty; between the two middle ones of an even number. */
export function median(values: readonly number[]): number {
  const sorted = ascending(values);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/** The value that a share of the series does not exceed, by nearest rank. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = ascending(values);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

function ascending(values: readonly number[]): number[] {
  if (values.length === 0) throw new Error("a series without a value has no figures");
  return [...values].sort((a, b) => a - b);
}

/** How long `work` takes, in milliseconds. */
export async function timeMs(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/** To three digits after the point: finer than a clock is meaningful, and shorter to read. */
export function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
