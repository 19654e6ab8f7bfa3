// What a sandbox is given to run: one command of a job, with its files, input and limits; and the
// frames that say so.

import {
  INTERRUPT_GRACE_MS,
  OUTPUT_BYTES_MAX,
  OUTPUT_STOP_BYTES,
  PROCESSES_MAX,
  RESULT_BYTES_MAX,
} from "../shared/limits.ts";
import { encodeFile, encodeSource, encodeStart, encodeStdin, type StartKind } from "./frames.ts";
import type { StageListener } from "./running.ts";

const FILE_MODE = 0o644;

/** One command of a job: its only one, one of several that share their files, or a session's cell. */
export type Stage = {
  kind: StartKind;
  files: readonly { name: string; mode?: number; content: Buffer }[];
  /** The text of a cell. */
  source?: Buffer;
  /** What the waiting process is to do; what it makes of that is its own affair. */
  args: readonly string[];
  stdin: Buffer;
  /** Whether more may come by `feed` after `stdin`. */
  keepsStdinOpen?: boolean;
  /** Called once what is fed comes to it. */
  onBegun?: (() => void) | undefined;
  wallMs: number;
  memoryBytes: number;
  listener?: StageListener;
};

/** The frames that begin a stage of the job `id`. */
export function encodeStage(id: number, stage: Stage): Buffer[] {
  const { kind, files, source, args, stdin, memoryBytes } = stage;
  const hasInput = stdin.length > 0 || stage.keepsStdinOpen === true;
  const frames = files.flatMap(({ name, mode, content }) =>
    encodeFile(id, name, mode ?? FILE_MODE, content),
  );
  const start = encodeStart(id, {
    wallMs: wallMsMax(stage),
    cpuMs: wallMsMax(stage) * PROCESSES_MAX,
    memoryBytes,
    outputKeepBytes: OUTPUT_BYTES_MAX,
    outputStopBytes: OUTPUT_STOP_BYTES,
    shownKeepBytes: RESULT_BYTES_MAX,
    kind,
    hasInput,
    args,
  });
  const text = source === undefined ? [] : encodeSource(id, source);
  // What a stage does not read the next one must not find; a cell's input is its own.
  const isFed = kind === "last" || (kind === "cell" && hasInput);
  const input = isFed ? encodeStdin(id, stdin, stage.keepsStdinOpen === true) : [];
  return [...frames, ...text, start, ...input];
}

/** A cell that is late is interrupted first, and killed by the supervisor only if that does not help. */
export function wallMsMax({ kind, wallMs }: Stage): number {
  return kind === "cell" ? wallMs + INTERRUPT_GRACE_MS : wallMs;
}
