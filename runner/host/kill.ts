// Ends a container from the host's side: every process in its control group is killed, and thawed so
// that it can die. Docker asks the sandbox's own kernel to end it, and while that does not answer it
// holds the container's lock, so that neither removing nor inspecting the container ever returns.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { thawContainer } from "./thaw.ts";

const CGROUP_ROOT = "/sys/fs/cgroup";

/** Kills all of a container, wherever Docker's two cgroup drivers put it. Gone already is no error. */
export function killContainer(id: string): void {
  for (const group of [`docker/${id}`, `system.slice/docker-${id}.scope`]) {
    killAllIn(join(CGROUP_ROOT, "freezer", group));
    killAllIn(join(CGROUP_ROOT, group));
  }
  thawContainer(id); // where cgroups are version 1 a frozen process dies only once it is thawed
}

function killAllIn(group: string): void {
  try {
    writeFileSync(join(group, "cgroup.kill"), "1", { flag: "r+" });
  } catch {
    // Version 1, or a kernel before 5.14, or gone.
  }
  for (const pid of processesIn(group)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** Their process ids as this process sees them; 0 stands for one it cannot see. */
function processesIn(group: string): number[] {
  try {
    const lines = readFileSync(join(group, "cgroup.procs"), "utf8").split("\n");
    return lines.map(Number).filter((pid) => pid > 0);
  } catch {
    return [];
  }
}
