// A container's control groups as the host's kernel shows them, found by the container's id wherever
// Docker's two cgroup drivers put them. What Docker may no longer be able to do is done here: kill
// everything in a container, and remove the groups of one that is gone.

import { readdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { thawContainer } from "./thaw.ts";

const ROOT = "/sys/fs/cgroup";
const CONTAINER_ID = /^[0-9a-f]{64}$/;

/** Every folder that is or may be a control group of the container, of either cgroup version. */
export function groupsOf(id: string): string[] {
  if (!CONTAINER_ID.test(id)) return [];
  const hierarchies = [ROOT, ...folders(ROOT).map((name) => join(ROOT, name))];
  return hierarchies.flatMap((hierarchy) =>
    [`docker/${id}`, `system.slice/docker-${id}.scope`].map((group) => join(hierarchy, group)),
  );
}

/** Thaws a container and kills every process of it, without a word to Docker. Returns how many. */
export function killContainer(id: string): number {
  thawContainer(id);
  const pids = new Set(groupsOf(id).flatMap((group) => pidsIn(join(group, "cgroup.procs"))));
  for (const pid of pids) kill(pid);
  return pids.size;
}

/** Removes the control groups of a container that has no process any more; others stay. */
export function removeGroups(id: string): void {
  for (const group of groupsOf(id)) {
    try {
      rmdirSync(group);
    } catch {
      // It is gone already, or not empty and so still somebody's.
    }
  }
}

function folders(dir: string): string[] {
  try {
    const entries = readdirSync(dir, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch {
    return [];
  }
}

function pidsIn(file: string): number[] {
  try {
    return readFileSync(file, "utf8").split("\n").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function kill(pid: number): void {
  try {
    // 0 stands for processes this one cannot see; to signal it would hit our own group.
    if (pid > 1) process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}
