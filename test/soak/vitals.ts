// What a soak measures of a runner, of the private daemon and of the host: everything that must not
// grow however many programs have run. One sample is one row of numbers.

import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { connect } from "../../runner/host/client.ts";
import { groupsOf } from "../../runner/host/container-group.ts";
import { findDaemon } from "../../runner/host/daemon.ts";
import { findKeepers, mountsBelow } from "../../runner/host/leftovers.ts";
import type { EnginePaths } from "../../runner/host/paths.ts";
import { run } from "../../runner/host/spawn.ts";
import { eventually } from "../kit/runner-process.ts";

const MIB = 1024 * 1024;
const REPORT_MS_MAX = 2_000;
const LABEL = "agent-coderunner.runner";

/** What must not grow, and by how much it may all the same. */
export type Tolerance = {
  /** The last part's median may be above the first's by this much. */
  rise: number;
  /** And the fitted line may climb so much per 1,000 executions, where that is long enough to tell. */
  risePer1000: number;
};

/** Every figure, its tolerance, and why it is not nought where it is not. */
export const VITALS = {
  // Node collects late: a heap that is a steady saw-tooth shows as tens of megabytes.
  runnerMemoryMib: { rise: 48, risePer1000: 12 },
  runnerHeapMib: { rise: 24, risePer1000: 6 },
  // One descriptor or so per sandbox and per connection, and both come and go.
  runnerDescriptors: { rise: 12, risePer1000: 4 },
  // Go gives memory back late, and dockerd caches what it has inspected.
  dockerdMemoryMib: { rise: 48, risePer1000: 12 },
  containerdMemoryMib: { rise: 32, risePer1000: 8 },
  // Streams of sandboxes: as many as there are sandboxes at that moment.
  dockerdDescriptors: { rise: 60, risePer1000: 15 },
  containerdDescriptors: { rise: 40, risePer1000: 10 },
  containers: { rise: 4, risePer1000: 2 },
  keeperProcesses: { rise: 14, risePer1000: 6 },
  mounts: { rise: 8, risePer1000: 4 },
  // Groups of containers that are gone: the kernel lets go of one a moment after the container.
  lostGroups: { rise: 10, risePer1000: 2 },
  zombies: { rise: 3, risePer1000: 1 },
  // Logs, and the layer each container writes to.
  engineDiskMib: { rise: 32, risePer1000: 12 },
  temporaryFiles: { rise: 2, risePer1000: 1 },
} as const satisfies Record<string, Tolerance>;

export type VitalName = keyof typeof VITALS;
export const VITAL_NAMES = Object.keys(VITALS) as VitalName[];
export type Sample = Record<VitalName, number>;

export type Watched = {
  runnerId: string;
  runnerPid: number;
  /** Where the runner keeps temporary files. */
  temporaryDir: string;
  /** Where the runner writes a report of itself when it gets SIGUSR2. */
  reportFile: string;
  engine: EnginePaths;
};

export class Vitals {
  readonly #watched: Watched;
  readonly #seen = new Set<string>();

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  /** Measures everything once. */
  async sample(): Promise<Sample> {
    const { runnerId, runnerPid, temporaryDir, engine } = this.#watched;
    const label = [`${LABEL}=${runnerId}`];
    const docker = connect(engine.socket);
    const containers = await docker.listContainers({ all: true, filters: { label } });
    const daemon = await findDaemon(engine);
    if (daemon === undefined) throw new Error("the daemon does not run");
    const [dockerd, containerd] = [daemon.dockerd.pid, daemon.containerd.pid];
    const keepers = findKeepers(engine.run);
    const parents = [
      runnerPid,
      dockerd,
      containerd,
      ...keepers.map(({ identity }) => identity.pid),
    ];
    return {
      runnerMemoryMib: residentMib(runnerPid),
      runnerHeapMib: await this.#heapMib(),
      runnerDescriptors: descriptors(runnerPid),
      dockerdMemoryMib: residentMib(dockerd),
      containerdMemoryMib: residentMib(containerd),
      dockerdDescriptors: descriptors(dockerd),
      containerdDescriptors: descriptors(containerd),
      containers: containers.length,
      keeperProcesses: keepers.length,
      mounts: mountsBelow([engine.run, engine.data]).length,
      lostGroups: this.#lostGroups(containers.map(({ Id }) => Id)),
      zombies: zombiesOf(parents),
      engineDiskMib: await diskMib(engine.data),
      temporaryFiles: readdirSync(temporaryDir).length,
    };
  }

  #lostGroups(known: readonly string[]): number {
    for (const id of known) this.#seen.add(id);
    const gone = [...this.#seen].filter((id) => !known.includes(id));
    let lost = 0;
    for (const id of gone) {
      if (groupsOf(id).some(existsSync)) lost++;
      // Nobody makes groups of it any more, so it need not be looked for again.
      else this.#seen.delete(id);
    }
    return lost;
  }

  async #heapMib(): Promise<number> {
    const { runnerPid, reportFile } = this.#watched;
    rmSync(reportFile, { force: true });
    process.kill(runnerPid, "SIGUSR2");
    let used = Number.NaN;
    await eventually(
      () => {
        used = usedHeap(reportFile);
        return !Number.isNaN(used);
      },
      { withinMs: REPORT_MS_MAX },
    );
    return used / MIB;
  }
}

function usedHeap(reportFile: string): number {
  try {
    return JSON.parse(readFileSync(reportFile, "utf8")).javascriptHeap.usedMemory;
  } catch {
    return Number.NaN; // not there yet, or not whole
  }
}

function residentMib(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

function descriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

function zombiesOf(parents: readonly number[]): number {
  return readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    const [state, parent] = stateAndParent(name);
    return state === "Z" && parents.includes(Number(parent));
  }).length;
}

function stateAndParent(pid: string): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .slice(0, 2);
  } catch {
    return [];
  }
}

async function diskMib(dir: string): Promise<number> {
  // Files come and go under du's eyes, which it complains about and survives.
  const { stdout } = await run("du", ["-sxk", dir], { mayFail: true });
  return Number(/^\d+/.exec(stdout)?.[0]) / 1024;
}
