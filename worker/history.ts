// How what came of an execution goes into its account's history and comes out again: the report
// without what the program has put out, which every list can afford to read, and beside it the outputs,
// packed. Packing takes time, so it is done here and not in the account, and only after the reply.

import { ERRORS, type ErrorCode } from "../shared/errors.ts";
import { HISTORY_COMPRESSED_BYTES_MIN, HISTORY_OUTPUT_BYTES_MAX } from "../shared/limits.ts";
import type { ExecutionReport, ShownValue, StageReport } from "../shared/runner-api.ts";
import type { Execution } from "./account/executions.ts";
import type { Kept, Packed } from "./account/history.ts";
import type { Remembered } from "./account/runs.ts";
import type { Executed } from "./execute.ts";

/** Both streams of a stage. */
type Streams = [stdout: string, stderr: string];

/** What is left out of a summary. */
type Outputs = {
  compile?: Streams;
  run?: Streams;
  shown?: ShownValue[];
  /** In the order of the report's files; `null` where there was no content. */
  files?: (string | null)[];
};

/** An execution as its owner is told of it: with what came of it, if that is known. */
export type Past = { execution: Execution; executed?: Executed };

/** What is kept of a report. Where it is too much, files go first, then what was shown, then all. */
export async function keptOf(report: ExecutionReport, leftMicro?: number): Promise<Kept> {
  const left = leftMicro === undefined ? {} : { leftMicro };
  const { files, shown, ...texts } = outputsOf(report);
  const summary = JSON.stringify(summaryOf(report));
  const all = { ...texts, ...(shown && { shown }), ...(files && { files }) };
  if (Object.keys(all).length === 0) return { summary, ...left };
  let packed = await pack(all);
  if (isTooMuch(packed) && files !== undefined) {
    packed = await pack({ ...texts, ...(shown && { shown }) });
  }
  if (!isTooMuch(packed)) return { summary, ...left, outputs: packed };
  const cut = JSON.stringify({ ...summaryOf(report), ...(shown && { shownTruncated: true }) });
  packed = await pack(texts);
  return { summary: cut, ...left, outputs: isTooMuch(packed) ? packed.bytes.length : packed };
}

/** An execution with its report put together again. */
export async function pastOf({ execution, outputs }: Remembered): Promise<Past> {
  const { id, summary, sessionId, language, runTimeoutMs, chargedMicro } = execution;
  if (summary === undefined) return { execution };
  // It was checked when it came from the runner, and has not left our hands since.
  const report = joined(JSON.parse(summary), outputs && (await unpack(outputs)));
  const left = { balanceMicro: execution.leftMicro ?? 0 };
  const executed = {
    executionId: id,
    sessionId,
    language,
    report,
    runTimeoutMs,
    chargedMicro,
    left,
  };
  return { execution, executed };
}

/** Why there is no report of an execution that has ended. What was lost without a word is a fault of ours. */
export function failureIn({ state, failure }: Execution): ErrorCode | undefined {
  if (failure !== undefined && failure in ERRORS) return failure as ErrorCode;
  return state === "failed" ? "runner_fault" : undefined;
}

/** The report of an execution that is done, without outputs. */
export function summaryIn({ summary }: Execution): ExecutionReport | undefined {
  return summary === undefined ? undefined : JSON.parse(summary);
}

function summaryOf({ compile, run, shown: _, files, ...rest }: ExecutionReport): ExecutionReport {
  return {
    ...rest,
    ...(compile && { compile: { ...compile, ...EMPTY } }),
    ...(run && { run: { ...run, ...EMPTY } }),
    ...(files && { files: files.map(({ content: _content, ...file }) => file) }),
  };
}

const EMPTY = { stdout: "", stderr: "" };

function outputsOf({ compile, run, shown, files }: ExecutionReport): Outputs {
  const contents = files?.map(({ content }) => content ?? null);
  return {
    ...(hasText(compile) && { compile: [compile.stdout, compile.stderr] }),
    ...(hasText(run) && { run: [run.stdout, run.stderr] }),
    ...(shown && shown.length > 0 && { shown }),
    ...(contents?.some((content) => content !== null) && { files: contents }),
  };
}

function hasText(stage: StageReport | undefined): stage is StageReport {
  return stage !== undefined && stage.stdout + stage.stderr !== "";
}

function joined(summary: ExecutionReport, outputs: Outputs = {}): ExecutionReport {
  const { compile, run, files } = summary;
  const [compileOut = "", compileErr = ""] = outputs.compile ?? [];
  const [runOut = "", runErr = ""] = outputs.run ?? [];
  return {
    ...summary,
    ...(compile && { compile: { ...compile, stdout: compileOut, stderr: compileErr } }),
    ...(run && { run: { ...run, stdout: runOut, stderr: runErr } }),
    ...(outputs.shown && { shown: outputs.shown }),
    ...(files && { files: files.map((file, at) => withContent(file, outputs.files?.[at])) }),
  };
}

function withContent(
  file: NonNullable<ExecutionReport["files"]>[number],
  content: string | null | undefined,
) {
  return content === undefined || content === null ? file : { ...file, content };
}

function isTooMuch({ bytes }: Packed): boolean {
  return bytes.length > HISTORY_OUTPUT_BYTES_MAX;
}

async function pack(outputs: Outputs): Promise<Packed> {
  const bytes = new TextEncoder().encode(JSON.stringify(outputs));
  if (bytes.length < HISTORY_COMPRESSED_BYTES_MIN) return { kind: "json", bytes };
  const smaller = await through(bytes, new CompressionStream("gzip"));
  return smaller.length < bytes.length ? { kind: "gzip", bytes: smaller } : { kind: "json", bytes };
}

async function unpack({ kind, bytes }: Packed): Promise<Outputs> {
  const plain = kind === "gzip" ? await through(bytes, new DecompressionStream("gzip")) : bytes;
  return JSON.parse(new TextDecoder().decode(plain));
}

async function through(
  bytes: Uint8Array,
  stream: CompressionStream | DecompressionStream,
): Promise<Uint8Array> {
  const body = new Response(bytes).body?.pipeThrough(stream);
  return new Uint8Array(await new Response(body).arrayBuffer());
}
