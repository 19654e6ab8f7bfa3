// Lets a frozen process run again. A sandbox that waits is frozen, and where cgroups are version 1
// not even SIGKILL reaches a frozen process, so whatever is about to be ended is thawed first.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Thaws the cgroup `pid` belongs to. A process that is gone or not frozen is no error. */
export function thaw(pid: number): void {
  const lines = read(`/proc/${pid}/cgroup`).split("\n");
  for (const line of lines) {
    const [, controllers = "", ...path] = line.split(":");
    const group = path.join(":");
    if (group === "" || group === "/") continue;
    if (controllers.split(",").includes("freezer")) {
      write(join("/sys/fs/cgroup/freezer", group, "freezer.state"), "THAWED");
    }
    if (controllers === "") write(join("/sys/fs/cgroup", group, "cgroup.freeze"), "0");
  }
}

/** Thaws a container by its id, wherever Docker's two cgroup drivers put it. */
export function thawContainer(id: string): void {
  for (const group of [`docker/${id}`, `system.slice/docker-${id}.scope`]) {
    write(join("/sys/fs/cgroup/freezer", group, "freezer.state"), "THAWED");
    write(join("/sys/fs/cgroup", group, "cgroup.freeze"), "0");
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function write(path: string, value: string): void {
  try {
    writeFileSync(path, value, { flag: "r+" });
  } catch {
    // The group is gone, or this hierarchy has no freezer.
  }
}
