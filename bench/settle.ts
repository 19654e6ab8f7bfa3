// Waiting until a runner's pool is as it is when nobody asks for anything, so that a measurement
// does not begin in the middle of what the one before has set off.

import { setTimeout as sleep } from "node:timers/promises";
import { SANDBOX_KINDS } from "../shared/languages.ts";
import type { RunnerHealth } from "../shared/runner-api.ts";
import type { RunnerCaller } from "./client.ts";

const POLL_MS = 250;
const READY_POLL_MS = 25;
/** Nothing is busy and no sandbox has come or gone for so long. */
const QUIET_MS = 3_000;
const QUIET_WAIT_MS_MAX = 60_000;
/** Sandboxes of an account that is quiet go after a minute; then they have to be removed. */
const FORGOTTEN_WAIT_MS_MAX = 120_000;

/** Sandboxes a runner has, all kinds together. */
export function levelsOf(health: RunnerHealth): { warm: number; busy: number } {
  const levels = SANDBOX_KINDS.map((kind) => health.sandboxes[kind] ?? { warm: 0, busy: 0 });
  return {
    warm: levels.reduce((sum, { warm }) => sum + warm, 0),
    busy: levels.reduce((sum, { busy }) => sum + busy, 0),
  };
}

/** Resolves when no sandbox is at work or being made ready again; throws when that takes long. */
export async function untilReady(runner: RunnerCaller, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + QUIET_WAIT_MS_MAX;
  while (levelsOf(await runner.health()).busy > 0) {
    if (performance.now() > deadline) throw new Error("the runner's sandboxes do not get ready");
    await sleep(READY_POLL_MS, undefined, { signal });
  }
}

/** Resolves when the pool has stopped changing; throws when it does not. */
export async function untilQuiet(runner: RunnerCaller, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + QUIET_WAIT_MS_MAX;
  let warmBefore = -1;
  let quietSince = performance.now();
  while (performance.now() - quietSince < QUIET_MS) {
    if (performance.now() > deadline) throw new Error("the runner's pool does not come to rest");
    const { warm, busy } = levelsOf(await runner.health());
    if (busy > 0 || warm !== warmBefore) quietSince = performance.now();
    warmBefore = warm;
    await sleep(POLL_MS, undefined, { signal });
  }
}

/**
 * Waits for the pool's rest and remembers how many sandboxes it has then. What it returns resolves
 * when there are no more than that again, so that nothing of an earlier part is left to be removed.
 */
export async function restOf(
  runner: RunnerCaller,
  signal: AbortSignal,
): Promise<() => Promise<void>> {
  await untilQuiet(runner, signal);
  const { warm } = levelsOf(await runner.health());
  return async () => {
    const deadline = performance.now() + FORGOTTEN_WAIT_MS_MAX;
    while (levelsOf(await runner.health()).warm > warm) {
      if (performance.now() > deadline) throw new Error("the runner does not let its sandboxes go");
      await sleep(POLL_MS, undefined, { signal });
    }
    await untilQuiet(runner, signal);
  };
}
