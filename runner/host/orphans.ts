// What is left of containers that the private daemon has lost: processes of a container it does not
// know, or whose shim, which alone could report their end, is dead; and what such containers keep in
// the run folder. Only processes with our run folder in their command line are looked at, and none
// that is young, because a container that is just being started looks much the same.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { removeGroups } from "./container-group.ts";
import { endProcess, type ProcessIdentity } from "./identity.ts";
import { findKeepers, type OurProcess, removeFolders, unmountBelow } from "./leftovers.ts";
import { thaw } from "./thaw.ts";

/** How old a process or folder must be before it can be an orphan. */
export const ORPHAN_AGE_MS_MIN = 10_000;

const CONTAINER_ID = /(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/;
/** What a shim's command line ends with when it is only run to begin or clean up after another. */
const SHIM_ERRANDS = ["start", "delete"];
const TICKS_PER_S = 100;
/** Where, below the run folder, there is a folder or file per container. */
const STATE_DIRS = [
  "exec/containerd",
  "exec/runtime-runc/moby",
  "containerd/io.containerd.runtime.v2.task/moby",
];

export type KeeperProcess = {
  identity: ProcessIdentity;
  /** A shim, something of the runtime's, or a short errand of either. */
  kind: "shim" | "errand" | "runtime";
  containerId: string;
  ageMs: number;
};

/** What a process's command line makes of it, or `undefined` when it names no container. */
export function keeperOf({ identity, command }: OurProcess, nowMs: number) {
  const containerId = command.map((arg) => CONTAINER_ID.exec(arg)?.[0]).find(Boolean);
  if (containerId === undefined) return undefined;
  const ageMs = nowMs - (identity.startTicks * 1000) / TICKS_PER_S;
  return { identity, kind: kindOf(command), containerId, ageMs } satisfies KeeperProcess;
}

/** Which processes nobody looks after, when the daemon knows the containers `known`. */
export function selectOrphans(
  processes: readonly KeeperProcess[],
  known: ReadonlySet<string>,
): KeeperProcess[] {
  const shims = processes.filter(({ kind }) => kind === "shim");
  const kept = new Set(shims.map(({ containerId }) => containerId));
  return processes.filter(({ kind, containerId, ageMs }) => {
    if (ageMs < ORPHAN_AGE_MS_MIN) return false;
    return !known.has(containerId) || (kind === "runtime" && !kept.has(containerId));
  });
}

/**
 * Ends orphans and removes what they leave; returns the ids of their containers. `listKnown` must
 * ask the daemon anew: a container is known before its first process starts, so whatever is seen
 * first and not known then is lost.
 */
export async function endOrphans(
  runDir: string,
  listKnown: () => Promise<ReadonlySet<string>>,
): Promise<string[]> {
  const now = uptimeMs();
  const processes = findKeepers(runDir).flatMap((found) => keeperOf(found, now) ?? []);
  const remains = findRemains(runDir);
  const known = await listKnown();
  const orphans = selectOrphans(processes, known);
  await Promise.all(
    orphans.map(({ identity }) => {
      thaw(identity.pid);
      return endProcess(identity, 0);
    }),
  );
  const lost = remains.filter(({ containerId }) => !known.has(containerId));
  await unmountBelow(lost.map(({ path }) => path));
  removeFolders(lost.map(({ path }) => path));
  const ids = new Set([...orphans, ...lost].map(({ containerId }) => containerId));
  for (const id of ids) if (!known.has(id)) removeGroups(id);
  return [...ids];
}

function kindOf([program = "", ...args]: readonly string[]): KeeperProcess["kind"] {
  if (!program.includes("containerd-shim")) return "runtime";
  return args.some((arg) => SHIM_ERRANDS.includes(arg)) ? "errand" : "shim";
}

/** Folders and files of containers, by the container's id at the start of their name. */
function findRemains(runDir: string): { path: string; containerId: string }[] {
  return STATE_DIRS.flatMap((dir) =>
    names(join(runDir, dir)).flatMap((name) => {
      const containerId = CONTAINER_ID.exec(name)?.[0];
      const path = join(runDir, dir, name);
      return containerId === undefined || ageMsOf(path) < ORPHAN_AGE_MS_MIN
        ? []
        : [{ path, containerId }];
    }),
  );
}

function ageMsOf(path: string): number {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}

function names(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

function uptimeMs(): number {
  return Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 1000;
}
