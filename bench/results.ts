// The shape of what a run has measured, as it is kept in bench/results/latest.json, and reading it
// back. A part that was not measured is absent, never zero.

import { readFileSync } from "node:fs";
import * as z from "zod";
import { LANGUAGE_IDS, SANDBOX_KINDS } from "../shared/languages.ts";

const language = z.enum(LANGUAGE_IDS);
const count = z.int().nonnegative();
const measured = z.number().nonnegative();

export const PART_NAMES = [
  "latency",
  "first",
  "burst",
  "sustained",
  "compiled",
  "sessions",
  "idle",
  "kept",
  "memory",
  "edge",
] as const;
export type PartName = (typeof PART_NAMES)[number];

const Machine = z.strictObject({
  processors: count,
  model: z.string(),
  memoryBytes: count,
  kernel: z.string(),
  /** Absent where no engine was needed. */
  docker: z.string().optional(),
  runsc: z.string().optional(),
  node: z.string(),
});
export type Machine = z.infer<typeof Machine>;

/** One language, run one way, sequentially. */
const LatencyRow = z.strictObject({
  language,
  contestant: z.string(),
  count,
  p50Ms: measured,
  p99Ms: measured,
  minMs: measured,
});
export type LatencyRow = z.infer<typeof LatencyRow>;

/** The first execution of a language after idleness, beside a warm one. */
const FirstRow = z.strictObject({
  language,
  idleMs: measured,
  warmMs: measured,
  warmCount: count,
  /** In the order they were taken, one after each idle wait. */
  firstMs: z.array(measured),
});
export type FirstRow = z.infer<typeof FirstRow>;

const Burst = z.strictObject({
  language,
  /** Executions asked for at once, of one account. */
  size: count,
  /** Each burst: until the last answer, and how many had the right output. */
  bursts: z.array(z.strictObject({ ms: measured, succeeded: count })),
  /** Real `docker run`s one after another, and how long they took together. */
  dockerRuns: count,
  dockerRunsMs: measured,
});
export type Burst = z.infer<typeof Burst>;

const Rate = z.strictObject({
  concurrency: count,
  done: count,
  failed: count,
  ms: measured,
  perSecond: measured,
});
export type Rate = z.infer<typeof Rate>;

const SustainedRow = z.strictObject({
  language,
  runner: z.array(Rate),
  containers: z.array(Rate),
});
export type SustainedRow = z.infer<typeof SustainedRow>;

/** Hello in a compiled language: medians at the runner, and of the same toolchain on the bare host. */
const CompiledRow = z.strictObject({
  language,
  rounds: count,
  /** Compiled and run, */
  freshMs: measured,
  bareFreshMs: measured,
  /** and run alone, because it has been compiled before. */
  againMs: measured,
  bareAgainMs: measured,
});
export type CompiledRow = z.infer<typeof CompiledRow>;

/** One small cell in a session that is awake, or that was frozen, at the runner and through the edge. */
const CellRow = z.strictObject({
  language,
  contestant: z.string(),
  count,
  p50Ms: measured,
  p99Ms: measured,
});
export type CellRow = z.infer<typeof CellRow>;

/** A file on its way into a session or out of it, through the edge. */
const FileRow = z.strictObject({
  direction: z.enum(["up", "down"]),
  bytes: count,
  count,
  p50Ms: measured,
});
export type FileRow = z.infer<typeof FileRow>;

const Sessions = z.strictObject({ cells: z.array(CellRow), files: z.array(FileRow) });
export type SessionFigures = z.infer<typeof Sessions>;

const Idle = z.strictObject({
  sandboxes: count,
  seconds: measured,
  /** Processor time in that span, by the kind of process. */
  cpuMs: z.strictObject({
    sandbox: measured,
    programs: measured,
    gofer: measured,
    shim: measured,
  }),
  /** The runner's own, which is not a sandbox's. */
  runnerCpuMs: measured,
});
export type Idle = z.infer<typeof Idle>;

/** Idle sessions of one language: processor time as of idle sandboxes, and memory of each. */
const Kept = z.strictObject({ language, sessions: count, idle: Idle, bytesEach: count });
export type Kept = z.infer<typeof Kept>;

const pssBytes = z.strictObject({ sandbox: count, programs: count, gofer: count, shim: count });

const MemoryRow = z.strictObject({
  sandboxKind: z.enum(SANDBOX_KINDS),
  sandboxes: count,
  /** Medians over the sandboxes: the whole, and each part by itself. */
  totalBytes: count,
  partBytes: pssBytes,
});
export type MemoryRow = z.infer<typeof MemoryRow>;

const Medians = z.strictObject({ p50Ms: measured, p99Ms: measured });

/** The gateway by itself, before a runner that answers at once. */
const Edge = z.strictObject({
  /** One after another over one connection: through the gateway, and at the stub itself. */
  count,
  edge: Medians,
  stub: Medians,
  /** As many as go through, with so many under way; `perCoreSecond` is by its own processor time. */
  full: z.strictObject({
    atOnce: count,
    done: count,
    ms: measured,
    cpuMs: measured,
    perSecond: measured,
    perCoreSecond: measured,
  }),
  /** Half as many, begun on time. */
  half: z.strictObject({ perSecond: measured, count, ...Medians.shape }),
});
export type Edge = z.infer<typeof Edge>;

export const Results = z.strictObject({
  takenAt: z.iso.datetime(),
  rounds: count,
  machine: Machine,
  latency: z.array(LatencyRow).optional(),
  first: z.array(FirstRow).optional(),
  burst: Burst.optional(),
  sustained: z.array(SustainedRow).optional(),
  compiled: z.array(CompiledRow).optional(),
  sessions: Sessions.optional(),
  idle: Idle.optional(),
  kept: Kept.optional(),
  memory: z.array(MemoryRow).optional(),
  edge: Edge.optional(),
});
export type Results = z.infer<typeof Results>;

/** The parts' figures alone. */
export type Measured = Pick<Results, PartName>;

const RESULTS_DIR = new URL("./results/", import.meta.url);

/** Where the figures and pictures of the last complete run are. */
export const LATEST = {
  json: new URL("latest.json", RESULTS_DIR),
  light: new URL("latest.svg", RESULTS_DIR),
  dark: new URL("latest-dark.svg", RESULTS_DIR),
};

/** Where those of a run of some parts only go, so that they replace nothing. */
export const PARTIAL = new URL("partial.json", RESULTS_DIR);

/** The figures of the last complete run. */
export function readLatest(): Results {
  return Results.parse(JSON.parse(readFileSync(LATEST.json, "utf8")));
}
