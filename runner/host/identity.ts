// Who a process is. A process id alone is reused by the kernel, so a process is known by its id, the
// tick it started at and the boot it belongs to; nothing here ever signals a process for its id
// alone. A zombie counts as ended: it holds nothing but its entry in the table.

import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";

export const ProcessIdentity = z.object({
  pid: z.int().positive(),
  startTicks: z.int().nonnegative(),
  bootId: z.string(),
});
export type ProcessIdentity = z.infer<typeof ProcessIdentity>;

const POLL_MS = 20;
const KILL_WAIT_MS = 5_000;

/** The identity of the running process `pid`, or `undefined` when there is none. */
export function identify(pid: number): ProcessIdentity | undefined {
  const stat = readStat(pid);
  if (stat === undefined || stat.state === "Z" || stat.state === "X") return undefined;
  return { pid, startTicks: stat.startTicks, bootId: bootId() };
}

/** This process. */
export function identifySelf(): ProcessIdentity {
  const self = identify(process.pid);
  if (self === undefined) throw new Error("/proc does not show this process");
  return self;
}

/** Whether exactly this process still runs. */
export function isRunning(identity: ProcessIdentity): boolean {
  const now = identify(identity.pid);
  return now?.startTicks === identity.startTicks && now.bootId === identity.bootId;
}

/** Waits up to `waitMs` for the process to end; `true` when it has. */
export async function waitForEnd(identity: ProcessIdentity, waitMs: number): Promise<boolean> {
  const deadline = performance.now() + waitMs;
  while (isRunning(identity)) {
    if (performance.now() >= deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/** Sends a signal if exactly this process still runs. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isRunning(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** Ends the process: SIGTERM, `graceMs` to obey, then SIGKILL. Ending an ended one is no error. */
export async function endProcess(identity: ProcessIdentity, graceMs: number): Promise<void> {
  signalProcess(identity, "SIGTERM");
  if (await waitForEnd(identity, graceMs)) return;
  signalProcess(identity, "SIGKILL");
  await waitForEnd(identity, KILL_WAIT_MS);
}

/** State and start tick out of the text of `/proc/<pid>/stat`; the name in it may hold anything. */
export function parseStat(text: string): { state: string; startTicks: number } | undefined {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const state = fields[0];
  const startTicks = Number(fields[19]);
  if (state === undefined || !Number.isInteger(startTicks)) return undefined;
  return { state, startTicks };
}

function readStat(pid: number) {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return undefined;
  }
}

function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}
