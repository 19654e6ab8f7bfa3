// The host's processes that make up one container, and what each takes: the sandbox itself, the
// address spaces its programs run in, the gofer that serves its files, and the shim that containerd
// keeps beside it. They are found by the container's id, in their control group or their command.

import { readdirSync, readFileSync } from "node:fs";

export const PROCESS_KINDS = ["sandbox", "programs", "gofer", "shim"] as const;
export type ProcessKind = (typeof PROCESS_KINDS)[number];
export type HostProcess = { pid: number; kind: ProcessKind };

/** Every process of a container that there is now. */
export function processesOf(containerId: string): HostProcess[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid): HostProcess[] => {
      const command = read(`/proc/${pid}/cmdline`);
      const kind = kindOf(containerId, read(`/proc/${pid}/cgroup`), command);
      return kind === undefined ? [] : [{ pid: Number(pid), kind }];
    });
}

/** What a process is to a container, by its control groups and its command, or `undefined`. */
export function kindOf(
  containerId: string,
  cgroups: string,
  command: string,
): ProcessKind | undefined {
  const [program = ""] = command.split("\0");
  const name = program.slice(program.lastIndexOf("/") + 1);
  const isInGroup = cgroups.includes(containerId);
  if (!isInGroup && !command.includes(containerId)) return undefined;
  if (name.startsWith("containerd-shim")) return "shim";
  if (name === "runsc-sandbox") return "sandbox";
  if (name === "runsc-gofer") return "gofer";
  return isInGroup ? "programs" : undefined;
}

/** Processor time of a process so far, in milliseconds, of all its threads that still run. */
export function cpuMsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/task`)
    .map((thread) => readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8"))
    .reduce((sum, text) => sum + parseSchedstat(text), 0);
}

/** The time on a processor out of the text of a `schedstat` file, in milliseconds. */
export function parseSchedstat(text: string): number {
  const nanoseconds = Number(text.split(" ")[0]);
  if (text.trim() === "" || Number.isNaN(nanoseconds)) throw new Error("schedstat is unreadable");
  return nanoseconds / 1e6;
}

/** A process's proportional share of the memory it has resident, in bytes. */
export function pssBytesOf(pid: number): number {
  return parsePss(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"));
}

/** The PSS out of the text of a `smaps_rollup` file, in bytes. */
export function parsePss(text: string): number {
  const kib = /^Pss:\s+(\d+) kB$/m.exec(text)?.[1];
  if (kib === undefined) throw new Error("smaps_rollup names no PSS");
  return Number(kib) * 1024;
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // it has ended meanwhile
  }
}
