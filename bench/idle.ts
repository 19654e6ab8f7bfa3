// What sandboxes that wait cost: processor time of all of them together once they are frozen, in a
// real runner's pool or in its sessions. Counted are all processes of their containers and the shims.

import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Runner } from "../launch/runner.ts";
import { controlsIn } from "../runner/cgroup.ts";
import { connect } from "../runner/host/client.ts";
import { SANDBOX_KINDS } from "../shared/languages.ts";
import { RUNNER_LABEL } from "./peers.ts";
import { cpuMsOf, type HostProcess, PROCESS_KINDS, processesOf } from "./processes.ts";
import type { Idle } from "./results.ts";
import { rounded } from "./stats.ts";

const SANDBOXES = 20;
/** How many the pool keeps of each language, so that there are at least so many in all. */
export const IDLE_POOL_FLOOR = Math.ceil(SANDBOXES / SANDBOX_KINDS.length);

const SPAN_MS = 20_000;
/** After the last was seen to be frozen, before the clock starts. */
const STILL_MS = 3_000;
const POLL_MS = 500;
const ANSWER_MS_MAX = 10_000;
const FROZEN_WAIT_MS_MAX = 240_000;

type Options = { socket: string; report: (text: string) => void; signal: AbortSignal };

/** Measures the idle pool of a runner started with a floor of IDLE_POOL_FLOOR. */
export async function measureIdle(
  runner: Runner,
  runnerId: string,
  { socket, report, signal }: Options,
): Promise<Idle> {
  const wanted = IDLE_POOL_FLOOR * SANDBOX_KINDS.length;
  report(`waiting for ${wanted} sandboxes to be frozen`);
  const sandboxes = await untilFrozen(socket, runnerId, wanted, signal);
  return await watchIdle(runner, sandboxes, { report, signal });
}

/** Watches sandboxes that are frozen for a while. */
export async function watchIdle(
  runner: Runner,
  sandboxes: readonly HostProcess[][],
  { report, signal }: Pick<Options, "report" | "signal">,
): Promise<Idle> {
  const processes = sandboxes.flat();
  await sleep(STILL_MS, undefined, { signal });
  report(`watching them for ${SPAN_MS / 1000} s`);
  const before = cpuTimes(processes);
  const runnerBefore = cpuMsOf(runner.identity.pid);
  const startedAt = performance.now();
  await sleep(SPAN_MS, undefined, { signal });
  const seconds = (performance.now() - startedAt) / 1000;
  const after = cpuTimes(processes);
  const used = PROCESS_KINDS.map((kind) => [kind, rounded(after[kind] - before[kind])]);
  return {
    sandboxes: sandboxes.length,
    seconds: rounded(seconds),
    cpuMs: Object.fromEntries(used) as Idle["cpuMs"],
    runnerCpuMs: rounded(cpuMsOf(runner.identity.pid) - runnerBefore),
  };
}

/** The processes of each sandbox of a runner's, once there are enough and all of them are frozen. */
export async function untilFrozen(
  socket: string,
  runnerId: string,
  wanted: number,
  signal: AbortSignal,
): Promise<HostProcess[][]> {
  const deadline = performance.now() + FROZEN_WAIT_MS_MAX;
  for (;;) {
    const containers = await connect(socket).listContainers({
      filters: { label: [`${RUNNER_LABEL}=${runnerId}`] },
      abortSignal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
    const sandboxes = containers.map(({ Id }) => processesOf(Id));
    if (sandboxes.length >= wanted && sandboxes.every(isFrozen)) return sandboxes;
    if (performance.now() > deadline) {
      throw new Error(`the pool has ${sandboxes.length} of ${wanted} sandboxes, not all frozen`);
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}

/** One that is only being started, or is being removed, is not. */
function isFrozen(processes: readonly HostProcess[]): boolean {
  const pid = processes.find(({ kind }) => kind === "sandbox")?.pid;
  if (pid === undefined) return false;
  const { freezer } = controlsIn(readFileSync(`/proc/${pid}/cgroup`, "utf8"));
  return readFileSync(freezer.path, "utf8").trim() === freezer.frozen;
}

function cpuTimes(processes: readonly HostProcess[]): Idle["cpuMs"] {
  const sums = { sandbox: 0, programs: 0, gofer: 0, shim: 0 };
  for (const { pid, kind } of processes) sums[kind] += cpuMsOf(pid);
  return sums;
}
