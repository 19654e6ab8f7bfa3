// In a container whose cgroups are version 2, the topmost group one sees holds processes and may
// therefore not hand its controllers down. As Docker's own image for running inside a container
// does, the processes are moved one group lower and the controllers switched on. On a host, where
// the topmost group is the real one or an init system has emptied it, nothing is done.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const LOWER = "init";

/** Lets groups below `root` be limited. Returns whether anything had to be done. */
export function makeRoomInNestedCgroup(root = "/sys/fs/cgroup"): boolean {
  // Only a group that is not the real root says of what type it is.
  if (!existsSync(join(root, "cgroup.type"))) return false;
  const missing = words(root, "cgroup.controllers").filter(
    (name) => !words(root, "cgroup.subtree_control").includes(name),
  );
  if (missing.length === 0) return false;
  mkdirSync(join(root, LOWER), { recursive: true });
  for (const pid of words(root, "cgroup.procs")) write(join(root, LOWER, "cgroup.procs"), pid);
  for (const name of missing) write(join(root, "cgroup.subtree_control"), `+${name}`);
  return true;
}

function words(root: string, file: string): string[] {
  return readFileSync(join(root, file), "utf8").split(/\s+/).filter(Boolean);
}

/** A process may have ended and a controller may be refused; the daemon then says what it lacks. */
function write(file: string, value: string): void {
  try {
    writeFileSync(file, value, { flag: "a" });
  } catch {
    // As said above.
  }
}
