// A part is a process the launcher has started and must end: the runner or the gateway. What they
// have in common lives here: ending in order, and being started again when one ends by itself.

import { setTimeout as sleep } from "node:timers/promises";
import { endProcess, type ProcessIdentity } from "../runner/host/identity.ts";
import type { Ending } from "../runner/host/spawn.ts";
import { RUN_TIMEOUT_MS_MAX, SANDBOX_GRACE_MS } from "../shared/limits.ts";
import { endOfLog } from "./log-file.ts";

export type Part = {
  identity: ProcessIdentity;
  ended: Promise<Ending>;
  logFile: string;
  /** Ends it: asked first, by force after `graceMs`. */
  stop: (graceMs?: number) => Promise<void>;
};

/** A part that is kept running until it is stopped. */
export type KeptPart = { stop: (graceMs?: number) => Promise<void> };

/**
 * What a runner takes at most to finish what runs and to remove its sandboxes, and then some. Only the
 * longest runs of `/v1` may take longer: nobody waits minutes for Ctrl-C, so those end as our fault
 * and cost nothing.
 */
export const STOP_GRACE_MS = RUN_TIMEOUT_MS_MAX + SANDBOX_GRACE_MS + 15_000;
/** As many tries in a row as there are waits; the next failure is the last. */
const BACKOFF_MS = [100, 1_000, 3_000, 10_000, 30_000];
/** A part that has run this long has recovered; its earlier failures no longer count. */
const RECOVERED_MS = 60_000;

/** How to end a process that obeys SIGTERM. */
export function stopperFor(identity: ProcessIdentity): Part["stop"] {
  return (graceMs = STOP_GRACE_MS) => endProcess(identity, graceMs);
}

export type KeepOptions<P extends Part> = {
  name: string;
  first: P;
  /** Starts another; `signal` ends one that has not come up yet. */
  start: (signal: AbortSignal) => Promise<P>;
  say: (line: string) => void;
  /** Called with each new process, so that it can be recorded. */
  onStart?: (part: P) => void;
  /** Called once when it has failed too often in a row. */
  giveUp: (why: string) => void;
  backoffMs?: readonly number[];
  recoveredMs?: number;
};

/** Starts a part again whenever it ends by itself, until it fails too often in a row. */
export function keepRunning<P extends Part>(options: KeepOptions<P>): KeptPart {
  const { name, first, say, giveUp, backoffMs = BACKOFF_MS, recoveredMs = RECOVERED_MS } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  let current: P | undefined = first;
  let failures = 0;

  async function keep(): Promise<void> {
    while (!signal.aborted) {
      const startedAt = performance.now();
      const why = current === undefined ? "could not start" : describe(await current.ended);
      if (signal.aborted) return;
      failures = performance.now() - startedAt >= recoveredMs ? 1 : failures + 1;
      const waitMs = backoffMs[failures - 1];
      if (waitMs === undefined) {
        giveUp(
          `The ${name} has failed ${failures} times in a row and now ${why}; ${first.logFile} ends with:\n${endOfLog(first.logFile)}`,
        );
        return;
      }
      say(`it ${why}; starting it again`);
      await sleep(waitMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      current = await options.start(signal).catch(() => undefined);
      if (current !== undefined) options.onStart?.(current);
    }
  }
  const kept = keep();

  return {
    stop: async (graceMs) => {
      stopping.abort();
      await current?.stop(graceMs);
      await kept;
      // One that came up at that very moment.
      await current?.stop(graceMs);
    },
  };
}

function describe({ code, signal }: Ending): string {
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
}
