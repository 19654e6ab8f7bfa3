// A container's control group, as the host's kernel keeps it: stopping and resuming everything in
// it, and how much processor time it gets beside others. An idle gVisor sandbox wakes some thousand
// times a second; frozen, it uses none, and thawing takes a fraction of a millisecond. Works with
// cgroup v1 and with cgroup v2.

import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

const CGROUP_ROOT = "/sys/fs/cgroup";
/** In the masks of /proc/<pid>/status, signal n is bit n-1. */
const SIGKILL_BIT = 1n << 8n;

/** How a sandbox's share of the processors compares with another's. */
export type Weight = "working" | "preparing";

export type ControlGroup = {
  freeze: () => Promise<void>;
  thaw: () => Promise<void>;
  setWeight: (weight: Weight) => Promise<void>;
  /** Whether anything in it has been killed and will die once it is thawed. */
  isDoomed: () => Promise<boolean>;
};

type Control = { path: string };
type Controls = {
  freezer: Control & { frozen: string; thawed: string };
  cpu: Control & Record<Weight, string>;
};

/**
 * The control group of the container `id`, whose process `pid` of the host is. Throws when that
 * process is another's by now, whose group must not be touched.
 */
export async function controlGroupOf(id: string, pid: number): Promise<ControlGroup> {
  const { freezer, cpu } = controlsIn(await readFile(`/proc/${pid}/cgroup`, "utf8"));
  if (!freezer.path.includes(id)) throw new Error(`process ${pid} is not of container ${id}`);
  return {
    freeze: () => writeFile(freezer.path, freezer.frozen),
    thaw: () => writeFile(freezer.path, freezer.thawed),
    setWeight: (weight) => writeFile(cpu.path, cpu[weight]),
    isDoomed: async () => {
      const pids = (await readFile(join(dirname(freezer.path), "cgroup.procs"), "utf8")).split(
        "\n",
      );
      const found = await Promise.all(pids.filter(Boolean).map(hasDeathPending));
      return found.includes(true);
    },
  };
}

/** A process that is gone counts as well. */
async function hasDeathPending(pid: string): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => undefined);
  if (status === undefined) return true;
  const pending = status.match(/^(?:SigPnd|ShdPnd):\s*([0-9a-f]+)$/gm) ?? [];
  return pending.some((line) => (BigInt(`0x${line.split(/\s+/)[1]}`) & SIGKILL_BIT) !== 0n);
}

/** Which files control a process's group, and what to write there, by the text of /proc/<pid>/cgroup. */
export function controlsIn(cgroups: string): Controls {
  const entries = cgroups
    .trim()
    .split("\n")
    .map((line) => {
      const [hierarchy = "", controllers = "", ...path] = line.split(":");
      return { hierarchy, controllers: controllers.split(","), path: path.join(":") };
    });
  const v1 = (name: string) => entries.find(({ controllers }) => controllers.includes(name));
  const freezer = v1("freezer");
  const cpu = v1("cpu");
  if (freezer !== undefined && cpu !== undefined) {
    return {
      freezer: {
        path: `${CGROUP_ROOT}/freezer${freezer.path}/freezer.state`,
        frozen: "FROZEN",
        thawed: "THAWED",
      },
      cpu: { path: `${CGROUP_ROOT}/cpu${cpu.path}/cpu.shares`, working: "1024", preparing: "64" },
    };
  }
  const v2 = entries.find(({ hierarchy }) => hierarchy === "0");
  if (v2 === undefined) throw new Error("this host has no cgroup freezer");
  return {
    freezer: { path: `${CGROUP_ROOT}${v2.path}/cgroup.freeze`, frozen: "1", thawed: "0" },
    cpu: { path: `${CGROUP_ROOT}${v2.path}/cpu.weight`, working: "100", preparing: "6" },
  };
}
