// Lets a frozen process run again. A sandbox that waits is frozen, and where cgroups are version 1
// not even SIGKILL reaches a frozen process, so whatever is about to be ended is thawed first.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { controlsIn } from "../cgroup.ts";

/** Thaws the cgroup `pid` belongs to. A process that is gone or not frozen is no error. */
export function thaw(pid: number): void {
  try {
    const { freezer } = controlsIn(readFileSync(`/proc/${pid}/cgroup`, "utf8"));
    write(freezer.path, freezer.thawed);
  } catch {
    // The process is gone, or this host has no freezer.
  }
}

/** Thaws a container by its id, wherever Docker's two cgroup drivers put it. */
export function thawContainer(id: string): void {
  for (const group of [`docker/${id}`, `system.slice/docker-${id}.scope`]) {
    write(join("/sys/fs/cgroup/freezer", group, "freezer.state"), "THAWED");
    write(join("/sys/fs/cgroup", group, "cgroup.freeze"), "0");
  }
}

function write(path: string, value: string): void {
  try {
    writeFileSync(path, value, { flag: "r+" });
  } catch {
    // The group is gone, or this hierarchy has no freezer.
  }
}
