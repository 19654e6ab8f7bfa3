// A limit of so many in so long, kept exactly: the times of what was let through in the last
// window, oldest first. Nothing is let through that would make more than `limit` in any window.
// Pure functions over an array; who owns the array also owns its durability.

/** A rate limit as a caller is told of it. */
export type Rate = {
  limit: number;
  remaining: number;
  windowMs: number;
  /** For how long no more than what remains can be had; then the next place comes free, if one is taken. */
  resetMs: number;
};

/** Drops from `times` what is no longer in the window that ends now. */
export function forget(times: number[], windowMs: number, nowMs: number): void {
  while (times[0] !== undefined && times[0] <= nowMs - windowMs) times.shift();
  // A clock that was set back leaves times in the future; they would block the limit until then.
  while ((times.at(-1) ?? nowMs) > nowMs) times.pop();
}

/** How long until one more fits, 0 when it does now. Call `forget` first. */
export function waitMs(times: readonly number[], limit: number, windowMs: number, nowMs: number) {
  if (times.length < limit) return 0;
  const leavesFirst = times[times.length - limit] ?? nowMs;
  return leavesFirst + windowMs - nowMs;
}

/** The limit as it stands. Call `forget` first. */
export function rateOf(
  times: readonly number[],
  limit: number,
  windowMs: number,
  nowMs: number,
): Rate {
  // Where there are more than may be, as after a change of plan, not every one that leaves frees a place.
  const nextToFree = times[Math.max(0, times.length - limit)];
  return {
    limit,
    remaining: Math.max(0, limit - times.length),
    windowMs,
    resetMs: nextToFree === undefined ? windowMs : nextToFree + windowMs - nowMs,
  };
}
