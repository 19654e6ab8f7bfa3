// What one waiting sandbox takes of the host's memory, by language: proportional set sizes, so that
// pages shared between processes are counted once. The sandboxes are started here, by the runner's
// own code, because from outside nobody can tell which language waits in which.

import { setTimeout as sleep } from "node:timers/promises";
import { connectEngine } from "../runner/docker.ts";
import { Sandbox } from "../runner/sandbox.ts";
import { randomText } from "../shared/ids.ts";
import { LANGUAGE_IDS, type LanguageId } from "../shared/languages.ts";
import { FREEZE_AFTER_MS } from "../shared/limits.ts";
import type { PeerEngine } from "./peers.ts";
import { PROCESS_KINDS, processesOf, pssBytesOf } from "./processes.ts";
import type { MemoryRow } from "./results.ts";
import { median } from "./stats.ts";

const SANDBOXES_PER_LANGUAGE = 4;

type Options = { report: (text: string) => void; signal: AbortSignal };
type Parts = MemoryRow["partBytes"];

/** Starts some sandboxes of every language, freezes and weighs them, and removes them. */
export async function measureMemory(engine: PeerEngine, options: Options): Promise<MemoryRow[]> {
  const { report, signal } = options;
  const target = connectEngine({ ...engine, runnerId: `bench-${randomText(8)}` });
  const sandboxes: Sandbox[] = [];
  try {
    for (const language of LANGUAGE_IDS) {
      report(`starting ${SANDBOXES_PER_LANGUAGE} for ${language}`);
      for (let n = 0; n < SANDBOXES_PER_LANGUAGE; n++) {
        signal.throwIfAborted();
        sandboxes.push(await Sandbox.start(target, language));
      }
    }
    await sleep(FREEZE_AFTER_MS, undefined, { signal });
    await Promise.all(sandboxes.map((sandbox) => sandbox.freeze()));
    report(`weighing ${sandboxes.length} sandboxes`);
    return LANGUAGE_IDS.map((language) => rowOf(language, sandboxes));
  } finally {
    await Promise.all(sandboxes.map((sandbox) => sandbox.remove()));
  }
}

function rowOf(language: LanguageId, sandboxes: readonly Sandbox[]): MemoryRow {
  const weights = sandboxes
    .filter((sandbox) => sandbox.language === language)
    .map(({ containerId }) => weigh(containerId ?? ""));
  const sums = weights.map((parts) => PROCESS_KINDS.reduce((sum, kind) => sum + parts[kind], 0));
  const parts = PROCESS_KINDS.map((kind) => [
    kind,
    Math.round(median(weights.map((weight) => weight[kind]))),
  ]);
  return {
    language,
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
