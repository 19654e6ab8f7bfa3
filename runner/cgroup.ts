// A container's control group, as the host's kernel keeps it: stopping and resuming everything in
// it, and how much processor time it gets beside others. An idle gVisor sandbox wakes some thousand
// times a second; frozen, it uses none, and thawing takes a fraction of a millisecond. Works with
// cgroup v1 and with cgroup v2.

import { readFile, writeFile } from "node:fs/promises";

const CGROUP_ROOT = "/sys/fs/cgroup";

/** How a sandbox's share of the processors compares with another's. */
export type Weight = "working" | "preparing";

export type ControlGroup = {
  freeze: () => Promise<void>;
  thaw: () => Promise<void>;
  setWeight: (weight: Weight) => Promise<void>;
};

type Control = { path: string };
type Controls = {
  freezer: Control & { frozen: string; thawed: string };
  cpu: Control & Record<Weight, string>;
};

/** The control group that process `pid` of the host is in. */
export async function controlGroupOf(pid: number): Promise<ControlGroup> {
  const { freezer, cpu } = controlsIn(await readFile(`/proc/${pid}/cgroup`, "utf8"));
  return {
    freeze: () => writeFile(freezer.path, freezer.frozen),
    thaw: () => writeFile(freezer.path, freezer.thawed),
    setWeight: (weight) => writeFile(cpu.path, cpu[weight]),
  };
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
