// Brings the private daemon back when it dies under those who use it. Everybody who holds a lease
// watches; whoever notices first takes the engine's lock and starts it, and the others find it
// running when their turn comes. One that dies again and again is given up, with a sentence why.

import { setTimeout as sleep } from "node:timers/promises";
import { type DaemonRuntime, deadParts, startDaemon } from "./daemon.ts";
import { withLock } from "./lock.ts";
import type { EnginePaths } from "./paths.ts";

export type ReviveOptions = {
  paths: EnginePaths;
  runtime: DaemonRuntime;
  /** Says in a line that the daemon died, and that it is back. */
  notice: (line: string) => void;
  watchMs?: number;
  backoffMs?: readonly number[];
  recoveredMs?: number;
};

export type Revival = {
  /** Resolves, with a sentence, when the daemon is given up. */
  lost: Promise<string>;
  stop: () => void;
};

const WATCH_MS = 300;
/** As many tries in a row as there are waits. */
const BACKOFF_MS = [0, 1_000, 3_000, 10_000, 30_000];
/** A daemon that has run this long has recovered; its earlier deaths no longer count. */
const RECOVERED_MS = 60_000;

/** Watches the private daemon and starts it again whenever it dies, until told to stop. */
export function keepDaemon(options: ReviveOptions): Revival {
  const { paths, notice, backoffMs = BACKOFF_MS, recoveredMs = RECOVERED_MS } = options;
  const lost = Promise.withResolvers<string>();
  const stopping = new AbortController();
  const { signal } = stopping;
  let deaths = 0;
  let lastTriedMs = Number.NEGATIVE_INFINITY;

  async function keep(): Promise<void> {
    while (!signal.aborted) {
      await wait(options.watchMs ?? WATCH_MS, signal);
      const dead = signal.aborted ? [] : deadParts(paths);
      if (dead.length === 0) continue;
      deaths = performance.now() - lastTriedMs >= recoveredMs ? 1 : deaths + 1;
      const waitMs = backoffMs[deaths - 1];
      if (waitMs === undefined) return lost.resolve(givenUp(paths, dead, deaths));
      await wait(waitMs, signal);
      notice(await revive(options, dead, signal));
      lastTriedMs = performance.now();
    }
  }
  keep().catch((error) => lost.resolve(`The private Docker daemon could not be watched: ${error}`));
  return { lost: lost.promise, stop: () => stopping.abort() };
}

/** Starts the daemon, unless somebody else has by the time the lock is ours. Never throws. */
async function revive(
  { paths, runtime }: ReviveOptions,
  dead: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const what = `${dead.join(" and ")} of the private Docker daemon ended`;
  const startedAt = performance.now();
  const seconds = () => ((performance.now() - startedAt) / 1000).toFixed(1);
  try {
    return await withLock(
      paths.lock,
      () => undefined,
      async () => {
        if (signal.aborted) return `${what}; it is no longer needed`;
        if (deadParts(paths).length === 0) return `${what}; another start has brought it back`;
        await startDaemon(paths, runtime);
        return `${what}; it is back after ${seconds()} s`;
      },
    );
  } catch (error) {
    return `${what} and could not be started: ${error instanceof Error ? error.message : error}`;
  }
}

function givenUp(paths: EnginePaths, dead: readonly string[], deaths: number): string {
  return `The private Docker daemon has ended ${deaths} times in a row, last ${dead.join(" and ")}; the logs in ${paths.logs} may say why.`;
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);
}
