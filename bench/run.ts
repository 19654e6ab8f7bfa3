// Runs the parts of the benchmark one after another and ends what they have started. A part that
// fails says so and the rest goes on; only a request to end ends all of them.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launchPaths } from "../launch/paths.ts";
import { startRunner } from "../launch/runner.ts";
import { type Stack, startStack } from "../launch/stack.ts";
import { randomText } from "../shared/ids.ts";
import { measureBurst } from "./burst.ts";
import { type RunnerCaller, runnerCaller } from "./client.ts";
import { measureCompiled } from "./compiled.ts";
import { enterAll } from "./contestants.ts";
import { measureFirst } from "./first.ts";
import { IDLE_POOL_FLOOR, measureIdle } from "./idle.ts";
import { measureLatency } from "./latency.ts";
import { measureMemory } from "./memory.ts";
import { sizesFor } from "./options.ts";
import { byDockerRun, type PeerEngine, removeLeftovers } from "./peers.ts";
import type { Idle, LatencyRow, Measured, PartName } from "./results.ts";
import { restOf } from "./settle.ts";
import { measureSustained } from "./sustained.ts";

export type RunOptions = {
  engine: PeerEngine;
  parts: readonly PartName[];
  rounds: number;
  say: (line: string) => void;
  signal: AbortSignal;
};

export type RunResult = { measured: Measured; failed: { part: PartName; error: unknown }[] };

export type Watch = { report: (text: string) => void; signal: AbortSignal };
export type Attempt = (
  part: PartName,
  measure: (watch: Watch) => Promise<Measured>,
) => Promise<void>;

const STACK_PARTS: readonly PartName[] = ["latency", "first", "burst", "sustained", "compiled"];

/** Measures the wanted parts. Rejects only when asked to end or when nothing can be started. */
export async function runParts(options: RunOptions): Promise<RunResult> {
  const { engine, parts, say } = options;
  const result: RunResult = { measured: {}, failed: [] };
  const attempt = attemptInto(result, options);
  try {
    if (parts.some((part) => STACK_PARTS.includes(part))) await stackParts(options, attempt);
    await attempt("idle", async (watch) => ({ idle: await idle(engine, watch) }));
    await attempt("memory", async (watch) => ({ memory: await measureMemory(engine, watch) }));
    return result;
  } finally {
    const left = await removeLeftovers(engine.socket);
    if (left > 0) say(`removed ${left} containers that were left`);
  }
}

/** How parts are tried, one after another: their figures and failures go into `result`. */
export function attemptInto(result: RunResult, { parts, say, signal }: RunOptions): Attempt {
  return async (part, measure) => {
    if (!parts.includes(part)) return;
    signal.throwIfAborted();
    const startedAt = performance.now();
    const place = `${part} (${parts.indexOf(part) + 1} of ${parts.length})`;
    const report = (text: string) => {
      const seconds = Math.round((performance.now() - startedAt) / 1000);
      say(`${place}, ${seconds} s: ${text}`);
    };
    try {
      Object.assign(result.measured, await measure({ report, signal }));
    } catch (error) {
      signal.throwIfAborted();
      report(`failed: ${error instanceof Error ? error.message : String(error)}`);
      result.failed.push({ part, error });
    }
  };
}

/** The parts that ask a running stack. */
async function stackParts(options: RunOptions, attempt: Attempt): Promise<void> {
  const { engine, rounds } = options;
  const { idleWaits, bursts, dockerRuns, sustainedMs, compiledRounds } = sizesFor(rounds);
  const dockerRun = byDockerRun(engine);
  options.say("starting the runner and the gateway");
  const stack = await startStack(engine);
  const runner = runnerCaller(stack);
  try {
    const rest = await restOf(runner, options.signal);
    await attempt("latency", async (watch) => ({
      latency: await latency(stack, runner, engine, { ...watch, rounds }),
    }));
    await attempt("first", async (watch) => ({
      first: await measureFirst(runner, { ...watch, waits: idleWaits }),
    }));
    await attempt("burst", async (watch) => ({
      burst: await measureBurst(runner, { ...watch, rest, bursts, dockerRuns, dockerRun }),
    }));
    await attempt("sustained", async (watch) => ({
      sustained: await measureSustained(runner, {
        ...watch,
        rest,
        dockerRun,
        durationMs: sustainedMs,
      }),
    }));
    await attempt("compiled", async (watch) => ({
      compiled: await measureCompiled(runner, engine, { ...watch, rounds: compiledRounds }),
    }));
  } finally {
    await stack.stop();
  }
}

async function latency(
  stack: Stack,
  runner: RunnerCaller,
  engine: PeerEngine,
  options: Watch & { rounds: number },
): Promise<LatencyRow[]> {
  options.report("preparing the peers");
  const contestants = await enterAll(stack, runner, engine);
  try {
    return await measureLatency(contestants, { ...options, runner });
  } finally {
    for (const contestant of contestants) await contestant.close();
  }
}

/** A runner of its own, because this part wants more sandboxes to wait than usually do. */
async function idle(engine: PeerEngine, watch: Watch): Promise<Idle> {
  const dir = mkdtempSync(join(tmpdir(), "agent-coderunner-"));
  const runnerId = `bench-${randomText(8)}`;
  try {
    const runner = await startRunner({
      ...engine,
      repo: launchPaths().repo,
      runnerId,
      secret: randomText(52),
      logFile: join(dir, "runner.log"),
      env: { POOL_FLOOR: String(IDLE_POOL_FLOOR) },
      signal: watch.signal,
    });
    try {
      return await measureIdle(runner, runnerId, { ...watch, socket: engine.socket });
    } finally {
      await runner.stop();
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
