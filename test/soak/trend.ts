// Whether something grows: the median of the first part of its samples beside that of the last, and a
// straight line through all of them. Samples of the warm-up are left out by the caller.

export type Point = { executions: number; value: number };
export type Trend = { first: number; last: number; per1000: number };

/** The part of all samples that counts as the first, and as the last. */
const PART = 1 / 3;

/** The trend of at least two points. */
export function trendOf(points: readonly Point[]): Trend {
  const part = Math.max(1, Math.floor(points.length * PART));
  const values = points.map(({ value }) => value);
  return {
    first: median(values.slice(0, part)),
    last: median(values.slice(-part)),
    per1000: slope(points) * 1000,
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Least squares. */
function slope(points: readonly Point[]): number {
  const n = points.length;
  const meanX = points.reduce((sum, { executions }) => sum + executions, 0) / n;
  const meanY = points.reduce((sum, { value }) => sum + value, 0) / n;
  let above = 0;
  let below = 0;
  for (const { executions, value } of points) {
    above += (executions - meanX) * (value - meanY);
    below += (executions - meanX) ** 2;
  }
  return below === 0 ? 0 : above / below;
}
