// Runs the parts of the benchmark one after another and ends what they have started. A part that
// fails says so and the rest goes on; only a request to end ends all of them.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launchPaths } from "../launch/paths.ts";
import { type Runner, startRunner } from "../launch/runner.ts";
import { type Stack, startStack } from "../launch/stack.ts";
import { randomText } from "../shared/ids.ts";
import { measureBurst } from "./burst.ts";
import { type Callee, type RunnerCaller, runnerCaller } from "./client.ts";
import { measureCompiled } from "./compiled.ts";
import { enterAll } from "./contestants.ts";
import { measureEdge } from "./edge.ts";
import { startEdge } from "./edge-stack.ts";
import { measureFirst } from "./first.ts";
import { IDLE_POOL_FLOOR, measureIdle } from "./idle.ts";
import { KEPT_POOL_FLOOR, measureKept } from "./kept.ts";
import { measureLatency } from "./latency.ts";
import { measureMemory } from "./memory.ts";
import { sizesFor } from "./options.ts";
import { byDockerRun, type PeerEngine, removeLeftovers } from "./peers.ts";
import type { Edge, Idle, Kept, LatencyRow, Measured, PartName } from "./results.ts";
import { measureSessions } from "./sessions.ts";
import { restOf } from "./settle.ts";
import { measureSustained } from "./sustained.ts";

export type RunOptions = {
  /** Where sandboxes are had; only the gateway can be measured without. */
  engine: PeerEngine | undefined;
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

const STACK_PARTS: readonly PartName[] = [
  "latency",
  "first",
  "burst",
  "sustained",
  "compiled",
  "sessions",
];

/** Whether these parts can be measured where there is no engine. */
export function needNoEngine(parts: readonly PartName[]): boolean {
  return parts.every((part) => part === "edge");
}

/** Measures the wanted parts. Rejects only when asked to end or when nothing can be started. */
export async function runParts(options: RunOptions): Promise<RunResult> {
  const { engine, rounds } = options;
  const result: RunResult = { measured: {}, failed: [] };
  const attempt = attemptInto(result, options);
  if (engine !== undefined) await engineParts(engine, options, attempt);
  await attempt("edge", async (watch) => ({ edge: await edge(rounds, watch) }));
  return result;
}

async function engineParts(
  engine: PeerEngine,
  options: RunOptions,
  attempt: Attempt,
): Promise<void> {
  const { parts, rounds, say } = options;
  try {
    const ofStack = parts.some((part) => STACK_PARTS.includes(part));
    if (ofStack) await stackParts(engine, options, attempt);
    await attempt("idle", async (watch) => ({ idle: await idle(engine, watch) }));
    await attempt("kept", async (watch) => ({ kept: await kept(engine, rounds, watch) }));
    await attempt("memory", async (watch) => ({ memory: await measureMemory(engine, watch) }));
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
async function stackParts(
  engine: PeerEngine,
  options: RunOptions,
  attempt: Attempt,
): Promise<void> {
  const { rounds } = options;
  const { idleWaits, bursts, dockerRuns, sustainedMs, compiledRounds, freezes } = sizesFor(rounds);
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
    await attempt("sessions", async (watch) => ({
      sessions: await measureSessions(stack, runner, { ...watch, rounds, freezes }),
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

/** A gateway of its own, with nothing of an engine's behind it. */
async function edge(rounds: number, watch: Watch): Promise<Edge> {
  const { edgeSingle: single, edgeLoadMs: loadMs } = sizesFor(rounds);
  const stack = await startEdge({ INSTANT_KEYS_PER_DAY: "1000" });
  try {
    return await measureEdge(stack, { ...watch, single, loadMs });
  } finally {
    await stack.stop();
  }
}

/** A runner of its own, because this part wants more sandboxes to wait than usually do. */
function idle(engine: PeerEngine, watch: Watch): Promise<Idle> {
  const env = { POOL_FLOOR: String(IDLE_POOL_FLOOR) };
  return withRunner(engine, { env, signal: watch.signal }, ({ runner, runnerId }) =>
    measureIdle(runner, runnerId, { ...watch, socket: engine.socket }),
  );
}

/** A runner of its own, because sandboxes that are no sessions are to be few. */
function kept(engine: PeerEngine, rounds: number, watch: Watch): Promise<Kept> {
  const env = { POOL_FLOOR: String(KEPT_POOL_FLOOR) };
  const { keptSessions: sessions } = sizesFor(rounds);
  return withRunner(engine, { env, signal: watch.signal }, (callee) =>
    measureKept(callee, { ...watch, sessions, socket: engine.socket }),
  );
}

async function withRunner<T>(
  engine: PeerEngine,
  { env, signal }: { env: NodeJS.ProcessEnv; signal: AbortSignal },
  measure: (callee: Callee & { runner: Runner }) => Promise<T>,
): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), "agent-coderunner-"));
  const runnerId = `bench-${randomText(8)}`;
  const secret = randomText(52);
  const logFile = join(dir, "runner.log");
  const { repo } = launchPaths();
  try {
    const runner = await startRunner({ ...engine, repo, runnerId, secret, logFile, env, signal });
    try {
      return await measure({ runner, runnerId, runnerSecret: secret });
    } finally {
      await runner.stop();
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
