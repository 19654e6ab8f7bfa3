// The few figures a series of timings is summed up by.

export type Summary = { count: number; p50Ms: number; p99Ms: number; minMs: number };

/** Median, 99th percentile (nearest rank) and minimum of a series that is not empty. */
export function summarize(timesMs: readonly number[]): Summary {
  const sorted = [...timesMs].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
  return { count: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), minMs: at(0) };
}

/** How long `work` takes, in milliseconds. */
export async function timeMs(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
