// What one waiting sandbox takes of the host's memory, by kind: proportional set sizes, so that
// pages shared between processes are counted once. The sandboxes are started here, by the runner's
// own code, because from outside nobody can tell which kind is which.

import { setTimeout as sleep } from "node:timers/promises";
import { connectEngine } from "../runner/docker.ts";
import { Sandbox } from "../runner/sandbox.ts";
import { randomText } from "../shared/ids.ts";
import { SANDBOX_KINDS, type SandboxKind } from "../shared/languages.ts";
import { FREEZE_AFTER_MS } from "../shared/limits.ts";
import type { PeerEngine } from "./peers.ts";
import { PROCESS_KINDS, processesOf, pssBytesOf } from "./processes.ts";
import type { MemoryRow } from "./results.ts";
import { median } from "./stats.ts";

const SANDBOXES_PER_KIND = 4;

type Options = { report: (text: string) => void; signal: AbortSignal };
type Parts = MemoryRow["partBytes"];

/** Starts some sandboxes of every kind, freezes and weighs them, and removes them. */
export async function measureMemory(engine: PeerEngine, options: Options): Promise<MemoryRow[]> {
  const { report, signal } = options;
  const target = connectEngine({ ...engine, runnerId: `bench-${randomText(8)}` });
  const sandboxes: Sandbox[] = [];
  try {
    for (const sandboxKind of SANDBOX_KINDS) {
      report(`starting ${SANDBOXES_PER_KIND} of kind ${sandboxKind}`);
      for (let n = 0; n < SANDBOXES_PER_KIND; n++) {
        signal.throwIfAborted();
        sandboxes.push(await Sandbox.start(target, sandboxKind));
      }
    }
    await sleep(FREEZE_AFTER_MS, undefined, { signal });
    await Promise.all(sandboxes.map((sandbox) => sandbox.freeze()));
    report(`weighing ${sandboxes.length} sandboxes`);
    return SANDBOX_KINDS.map((sandboxKind) => rowOf(sandboxKind, sandboxes));
  } finally {
    await Promise.all(sandboxes.map((sandbox) => sandbox.remove()));
  }
}

function rowOf(sandboxKind: SandboxKind, sandboxes: readonly Sandbox[]): MemoryRow {
  const weights = sandboxes
    .filter((sandbox) => sandbox.kind === sandboxKind)
    .map(({ containerId }) => weigh(containerId ?? ""));
  const sums = weights.map((parts) => PROCESS_KINDS.reduce((sum, kind) => sum + parts[kind], 0));
  const parts = PROCESS_KINDS.map((kind) => [
    kind,
    Math.round(median(weights.map((weight) => weight[kind]))),
  ]);
  return {
    sandboxKind,
    sandboxes: weights.length,
    totalBytes: Math.round(median(sums)),
    partBytes: Object.fromEntries(parts) as Parts,
  };
}

function weigh(containerId: string): Parts {
  const parts: Parts = { sandbox: 0, programs: 0, gofer: 0, shim: 0 };
  for (const { pid, kind } of processesOf(containerId)) parts[kind] += pssBytesOf(pid);
  const missing = PROCESS_KINDS.find((kind) => parts[kind] === 0);
  if (missing !== undefined) throw new Error(`a sandbox has no process that is its ${missing}`);
  return parts;
}
