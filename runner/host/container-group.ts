// Containers' control groups as the host's kernel shows them: found by the container's id wherever
// Docker's two cgroup drivers put them, or in the group a private daemon has to itself. What Docker
// may no longer be able to do is done here: kill everything in a container, and remove the groups
// of those that are gone.

import { readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const ROOT = "/sys/fs/cgroup";
const CONTAINER_ID = /^[0-9a-f]{64}$/;
const PRIVATE_PARENT = /^agent-coderunner(-[0-9a-f]{8})?$/;
/** A killed process leaves its group only when it has given back its memory. */
const EMPTY_MS_MAX = 3_000;
const EMPTY_POLL_MS = 20;

/** The group in which the private daemon whose run folder is `runDir` keeps its containers'. */
export function parentGroupOf(runDir: string): string {
  return basename(runDir);
}

/** Every folder that is or may be a control group of the container, of either cgroup version. */
export function groupsOf(id: string): string[] {
  if (!CONTAINER_ID.test(id)) return [];
  return hierarchies().flatMap((hierarchy) => {
    const ours = folders(hierarchy).filter((name) => PRIVATE_PARENT.test(name));
    const inParents = ["docker", ...ours].map((parent) => join(hierarchy, parent, id));
    return [...inParents, join(hierarchy, `system.slice/docker-${id}.scope`)];
  });
}

/** Thaws a container and kills every process of it, without a word to Docker. Returns how many. */
export function killContainer(id: string): number {
  return killAllIn(groupsOf(id));
}

/** Removes the control groups of a container that has no process any more; others stay. */
export function removeGroups(id: string): void {
  for (const group of groupsOf(id)) remove(group);
}

/**
 * Ends everything in the group of a private daemon that does not run, and removes the group with all
 * below it: nothing else could have put anything there. What would not die in time stays.
 */
export async function clearParentGroup(runDir: string): Promise<void> {
  const parents = hierarchies().map((hierarchy) => join(hierarchy, parentGroupOf(runDir)));
  const groups = parents.flatMap((parent) => [...below(parent), parent]);
  const deadlineMs = performance.now() + EMPTY_MS_MAX;
  while (killAllIn(groups) > 0 && performance.now() < deadlineMs) await sleep(EMPTY_POLL_MS);
  for (const group of groups) remove(group);
}

function hierarchies(): string[] {
  return [ROOT, ...folders(ROOT).map((name) => join(ROOT, name))];
}

/** Every group below `dir`, innermost first. */
function below(dir: string): string[] {
  return folders(dir).flatMap((name) => [...below(join(dir, name)), join(dir, name)]);
}

/** A frozen process does not even die where cgroups are version 1, so all are thawed first. */
function killAllIn(groups: readonly string[]): number {
  for (const group of groups) {
    write(join(group, "freezer.state"), "THAWED");
    write(join(group, "cgroup.freeze"), "0");
  }
  const pids = new Set(groups.flatMap((group) => pidsIn(join(group, "cgroup.procs"))));
  for (const pid of pids) kill(pid);
  return pids.size;
}

function remove(group: string): void {
  try {
    rmdirSync(group);
  } catch {
    // It is gone already, or not empty and so still somebody's.
  }
}

function write(path: string, value: string): void {
  try {
    writeFileSync(path, value, { flag: "r+" });
  } catch {
    // The group is gone, or this hierarchy has no freezer.
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
