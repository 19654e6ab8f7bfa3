// Whether this machine can run sandboxes at all, found out before anything is changed on it. The
// facts are gathered in one place and judged in another, so that every judgement can be tested. A
// problem is one sentence with its remedy.

import { existsSync, readFileSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { findProgram } from "./spawn.ts";

export type HostFacts = {
  platform: string;
  arch: string;
  uid: number;
  capabilities: bigint;
  hasApt: boolean;
  missingPrograms: readonly string[];
  cgroup: Cgroup;
  diskFreeBytes: number;
};

/** How the host groups processes: version 2, version 1 with its controllers, or not at all. */
export type Cgroup = { version: 1 | 2 | undefined; controllers: readonly string[] };

const MIB = 1024 * 1024;
/** Room for the engine's packages, the base image and the sandbox image with its build. */
export const FIRST_SETUP_BYTES = 3072 * MIB;
/** Room for logs and running sandboxes once all that is there. */
export const LATER_BYTES = 512 * MIB;

const ARCHITECTURES = ["x64", "arm64"];
const CONTROLLERS_V1 = ["cpu", "devices", "freezer", "memory", "pids"];
const CONTROLLERS_V2 = ["cpu", "memory", "pids"];
const PROGRAMS = ["setpriv", "flock", "tar"];
const CAP_SYS_ADMIN = 1n << 21n;

/** Looks at this machine. `dir` is where the engine will live, whether or not it exists yet. */
export function gatherFacts(dir: string): HostFacts {
  return {
    platform: process.platform,
    arch: process.arch,
    uid: process.getuid?.() ?? -1,
    capabilities: parseCapabilities(read("/proc/self/status")),
    hasApt: findProgram("apt-get") !== undefined && findProgram("dpkg-deb") !== undefined,
    missingPrograms: PROGRAMS.filter((name) => findProgram(name) === undefined),
    cgroup: findCgroup(read("/proc/mounts"), read("/sys/fs/cgroup/cgroup.controllers")),
    diskFreeBytes: diskFree(dir),
  };
}

/** What keeps sandboxes from running here, a sentence each; empty when nothing does. */
export function findProblems(facts: HostFacts, needBytes: number): string[] {
  if (facts.platform !== "linux") return ["Sandboxes need Linux; run this on a Linux machine."];
  return [
    facts.uid === 0 || "Sandboxes need root; run this with sudo, or as root.",
    facts.uid !== 0 ||
      (facts.capabilities & CAP_SYS_ADMIN) !== 0n ||
      "This container may not mount file systems; start it privileged, or run this on the host.",
    ARCHITECTURES.includes(facts.arch) ||
      `The processor type ${facts.arch} is not supported; use an x64 or arm64 machine.`,
    facts.hasApt ||
      "apt-get and dpkg-deb are missing; use Debian 12, Debian 13 or a system made from them.",
    facts.missingPrograms.length === 0 ||
      `${facts.missingPrograms.join(", ")} missing; install the packages util-linux and tar.`,
    cgroupProblem(facts.cgroup),
    facts.diskFreeBytes >= needBytes ||
      `Only ${inMib(facts.diskFreeBytes)} of disk are free and ${inMib(needBytes)} are needed; free some, or set CODERUNNER_STATE_DIR to a folder on a larger disk.`,
  ].filter((problem) => typeof problem === "string");
}

/** Reads from the list of mounts, and version 2's list of controllers, how processes are grouped. */
export function findCgroup(mounts: string, controllersV2: string): Cgroup {
  const rows = mounts.split("\n").map((line) => line.split(" "));
  const v1 = rows
    .filter((row) => row[2] === "cgroup")
    .flatMap((row) => (row[3] ?? "").split(","))
    .filter((name) => CONTROLLERS_V1.includes(name));
  if (v1.length > 0) return { version: 1, controllers: [...new Set(v1)] };
  if (!rows.some((row) => row[2] === "cgroup2")) return { version: undefined, controllers: [] };
  return { version: 2, controllers: controllersV2.split(/\s+/).filter(Boolean) };
}

function cgroupProblem({ version, controllers }: Cgroup): string | true {
  if (version === undefined) {
    return "No cgroup file system is mounted; mount it with: mount -t cgroup2 none /sys/fs/cgroup";
  }
  const missing = (version === 1 ? CONTROLLERS_V1 : CONTROLLERS_V2).filter(
    (name) => !controllers.includes(name),
  );
  if (missing.length === 0) return true;
  return `The cgroup controllers ${missing.join(", ")} are missing, which limit and freeze sandboxes; enable them in the kernel's command line or the container's settings.`;
}

function parseCapabilities(status: string): bigint {
  return BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
}

function diskFree(dir: string): number {
  let existing = dir;
  while (!existsSync(existing)) existing = dirname(existing);
  const { bavail, bsize } = statfsSync(existing);
  return bavail * bsize;
}

function inMib(bytes: number): string {
  return `${Math.floor(bytes / MIB)} MiB`;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
