// Finds processes of the private daemon that nobody looks after any more. A process is ours when its
// program is one a Docker daemon starts and one of its arguments lies in our run folder, or names a
// container of ours; nothing else is ever signalled.

import { readdirSync, readFileSync, rmSync } from "node:fs";
import { basename } from "node:path";
import { endProcess, identify, type ProcessIdentity, signalProcess } from "./identity.ts";
import { run } from "./spawn.ts";
import { thaw } from "./thaw.ts";

const DAEMONS = ["dockerd", "containerd"];
const KEEPERS = ["containerd-shim", "runsc", "runc"];
const GRACE_MS = 3_000;

/** A process of ours with its command line, program first. */
export type OurProcess = { identity: ProcessIdentity; command: string[] };

/** Ends daemons of ours that have lost their record. Their containers stay for the next daemon. */
export async function endLostDaemons(runDir: string): Promise<number> {
  return endAll(findOurs(runDir, isDaemon), GRACE_MS);
}

/** Ends what kept containers of ours, once no container is left: shims, runsc's processes. */
export async function endKeepers(runDir: string): Promise<number> {
  return endAll(findOurs(runDir, isKeeper), GRACE_MS);
}

/** Kills what kept containers of ours, and with it every container, without asking any of them. */
export async function killKeepers(runDir: string): Promise<number> {
  return endAll(findOurs(runDir, isKeeper), 0);
}

/** Unmounts what a daemon left mounted below folders of ours, innermost first. */
export async function unmountBelow(dirs: readonly string[]): Promise<void> {
  for (const point of mountsBelow(dirs).reverse()) {
    await run("umount", ["-l", point], { mayFail: true });
  }
}

/** Removes folders of ours that only a dead daemon could have used; one still mounted on stays. */
export function removeFolders(dirs: readonly string[]): void {
  for (const dir of dirs) {
    if (mountsBelow([dir]).length === 0) rmSync(dir, { recursive: true, force: true });
  }
}

/** What is mounted at or below any of `dirs`, outermost first. */
export function mountsBelow(dirs: readonly string[]): string[] {
  return readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .filter((point) => dirs.some((dir) => point === dir || point.startsWith(`${dir}/`)));
}

/** Every process of the private daemon whose run folder is `runDir`. */
export function findProcesses(runDir: string): ProcessIdentity[] {
  return findOurs(runDir, (name) => isDaemon(name) || isKeeper(name)).map(
    ({ identity }) => identity,
  );
}

/** The daemons of the private daemon whose run folder is `runDir`: one dockerd, one containerd. */
export function findDaemons(runDir: string): OurProcess[] {
  return findOurs(runDir, isDaemon);
}

/** Every process that keeps a container of the private daemon whose run folder is `runDir`. */
export function findKeepers(runDir: string): OurProcess[] {
  return findOurs(runDir, isKeeper);
}

/**
 * Kills what keeps one container: its shim and whatever of runsc's names it. A shim can wait for ever
 * for a sandbox that has died under it; without the shim containerd tidies up by itself.
 */
export function killKeepersOf(containerId: string): void {
  const found = findProcessesWith(isKeeper, (args) => args.some((a) => a.includes(containerId)));
  for (const { identity } of found) signalProcess(identity, "SIGKILL");
}

const isDaemon = (name: string) => DAEMONS.includes(name);
const isKeeper = (name: string) => KEEPERS.some((keeper) => name.startsWith(keeper));

async function endAll(found: readonly OurProcess[], graceMs: number): Promise<number> {
  await Promise.all(
    found.map(({ identity }) => {
      thaw(identity.pid);
      return endProcess(identity, graceMs);
    }),
  );
  return found.length;
}

function findOurs(runDir: string, isOurProgram: (name: string) => boolean): OurProcess[] {
  return findProcessesWith(isOurProgram, (args) => args.some((a) => a.includes(`${runDir}/`)));
}

function findProcessesWith(
  isOurProgram: (name: string) => boolean,
  areOurs: (args: readonly string[]) => boolean,
): OurProcess[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const command = readCommand(name);
      const [program = "", ...args] = command;
      if (!isOurProgram(basename(program))) return [];
      if (!areOurs(args) || !isOfThisNamespace(name)) return [];
      const identity = identify(Number(name));
      return identity === undefined ? [] : [{ identity, command }];
    });
}

/**
 * Whether a process is seen by as many process namespaces as this one. A process of a container on
 * this host is seen by more, and what it calls our run folder is its own. A gofer has a namespace of
 * its own below its parent's.
 */
function isOfThisNamespace(pid: string): boolean {
  const { ids, parent } = statusOf(pid);
  const own = statusOf("self").ids;
  return ids === own || (ids === own + 1 && statusOf(parent).ids === own);
}

function statusOf(pid: string): { ids: number; parent: string } {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const ids = /^NSpid:(.*)$/m.exec(status)?.[1]?.trim().split(/\s+/).length ?? 1;
    return { ids, parent: /^PPid:\s*(\d+)$/m.exec(status)?.[1] ?? "0" };
  } catch {
    return { ids: 0, parent: "0" };
  }
}

function readCommand(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}
