// Finds processes of the private daemon that nobody looks after any more. A process is ours when its
// program is one a Docker daemon starts and one of its arguments lies in our run folder; nothing
// else is ever signalled.

import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { endProcess, identify, type ProcessIdentity } from "./identity.ts";
import { run } from "./spawn.ts";
import { thaw } from "./thaw.ts";

const DAEMONS = ["dockerd", "containerd"];
const KEEPERS = ["containerd-shim", "runsc", "runc"];
const GRACE_MS = 3_000;

/** Ends daemons of ours that have lost their record. Their containers stay for the next daemon. */
export async function endLostDaemons(runDir: string): Promise<number> {
  return endAll(findOurs(runDir, isDaemon));
}

/** Ends what kept containers of ours, once no container is left: shims, runsc's processes. */
export async function endKeepers(runDir: string): Promise<number> {
  return endAll(findOurs(runDir, isKeeper));
}

/** Thaws every container of ours: a new daemon cannot end the frozen ones an old one left. */
export function thawAll(runDir: string): void {
  for (const { pid } of findProcesses(runDir)) thaw(pid);
}

/** Unmounts what a daemon left mounted below folders of ours, innermost first. */
export async function unmountBelow(dirs: readonly string[]): Promise<void> {
  const mounted = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .filter((point) => dirs.some((dir) => point === dir || point.startsWith(`${dir}/`)));
  for (const point of mounted.reverse()) await run("umount", ["-l", point], { mayFail: true });
}

/** Every process of the private daemon whose run folder is `runDir`. */
export function findProcesses(runDir: string): ProcessIdentity[] {
  return findOurs(runDir, (name) => isDaemon(name) || isKeeper(name));
}

const isDaemon = (name: string) => DAEMONS.includes(name);
const isKeeper = (name: string) => KEEPERS.some((keeper) => name.startsWith(keeper));

async function endAll(found: readonly ProcessIdentity[]): Promise<number> {
  await Promise.all(
    found.map((identity) => {
      thaw(identity.pid);
      return endProcess(identity, GRACE_MS);
    }),
  );
  return found.length;
}

function findOurs(runDir: string, isOurProgram: (name: string) => boolean): ProcessIdentity[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const [program = "", ...args] = readCommand(name);
      if (!isOurProgram(basename(program))) return [];
      if (!args.some((arg) => arg.includes(`${runDir}/`))) return [];
      return identify(Number(name)) ?? [];
    });
}

function readCommand(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}
