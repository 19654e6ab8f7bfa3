// Lets a frozen process run again. A sandbox that waits is frozen, and where cgroups are version 1
// not even SIGKILL reaches a frozen process, so whatever is about to be ended is thawed first.

import { readFileSync, writeFileSync } from "node:fs";
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

function write(path: string, value: string): void {
  try {
    writeFileSync(path, value, { flag: "r+" });
  } catch {
    // The group is gone, or this hierarchy has no freezer.
  }
}
