// The `/v1` face: how its callers write a program and read what came of it. It translates to and
// from the core's words and decides nothing else. Names are snake_case, times are milliseconds, and
// outputs are left as they are. Every execution of an account's is in a session: in the one it names, or
// in a new one that is kept while there is room.

import * as z from "zod";
import {
  COMPILE_TIMEOUT_MS_DEFAULT,
  COMPILE_TIMEOUT_MS_MAX,
  LONG_RUN_TIMEOUT_MS_DEFAULT,
  LONG_RUN_TIMEOUT_MS_MAX,
} from "../../shared/limits.ts";
import type { StageReport } from "../../shared/runner-api.ts";
import type { Executed, Order } from "../execute.ts";
import type { Runtime } from "../runtimes.ts";
import type { Words } from "../stream.ts";
import {
  hasFiles,
  hasProgram,
  memoryKbOf,
  orderOf,
  outputPatterns,
  type Paid,
  paidOf,
  programFields,
  programRule,
  type ReturnedFile,
  returnedFile,
  runTimes,
  type Shown,
  shownOf,
  timeoutOf,
} from "./fields.ts";
import { fromSessionWord } from "./session-word.ts";

/**
 * What `POST /v1/execute` takes: a program as `code` or as `files`, and not as both. Fields it does
 * not know are ignored.
 */
export const V1ExecuteRequest = z
  .object({
    ...programFields,
    session_id: z.string().nullish(),
    run_timeout: timeoutOf(LONG_RUN_TIMEOUT_MS_MAX),
    compile_timeout: timeoutOf(COMPILE_TIMEOUT_MS_MAX),
    output_files: outputPatterns,
    open_stdin: z.boolean().nullish(),
  })
  .refine(hasProgram, programRule)
  .refine((fields) => typeof fields.code !== "string" || !hasFiles(fields), {
    error: "cannot be sent beside `code`: send one of the two",
    path: ["files"],
  });
export type V1ExecuteRequest = z.infer<typeof V1ExecuteRequest>;

type Stage = {
  stdout: string;
  stderr: string;
  /** `null` when it did not exit by itself. */
  code: number | null;
  signal: string | null;
  /** Whole milliseconds, measured in the sandbox. */
  time_ms: number;
  memory_kb: number;
  outcome: string;
  stdout_bytes: number;
  stderr_bytes: number;
  stdout_truncated: boolean;
  stderr_truncated: boolean;
  stdout_is_utf8: boolean;
  stderr_is_utf8: boolean;
};

/** What `POST /v1/execute` answers. `run` is absent when the program could not be compiled. */
export type V1Execution = {
  id: string;
  /** `null` without a key. */
  session_id: string | null;
  /** In a session: whether it began without what earlier executions left, besides files, ... */
  state_fresh?: boolean;
  /** ... and whether later ones will find what there is now. */
  state_kept?: boolean;
  language: string;
  version: string;
  /** The time the program had to run in. */
  run_timeout: number;
  compile?: Stage & { cached: boolean };
  run?: Stage;
  results_truncated?: boolean;
  /** Those that were asked for. */
  files?: ReturnedFile[];
  files_truncated?: boolean;
} & Shown &
  Paid;

/** A request of this face as an order for the core. */
export function fromV1(request: V1ExecuteRequest): Order {
  const { session_id, run_timeout, compile_timeout, output_files, open_stdin } = request;
  return orderOf(request, {
    times: {
      ...runTimes(run_timeout, LONG_RUN_TIMEOUT_MS_DEFAULT),
      compileTimeoutMs: compile_timeout ?? COMPILE_TIMEOUT_MS_DEFAULT,
    },
    session: typeof session_id === "string" ? { id: fromSessionWord(session_id) } : "new",
    outputFiles: output_files,
    openStdin: open_stdin,
  });
}

/** What came of a program, in the words of this face. */
export function toV1Execution(executed: Executed): V1Execution {
  const { executionId, sessionId, language, report, runTimeoutMs } = executed;
  const { version, compile, run, session, files } = report;
  return {
    id: executionId,
    session_id: sessionId ?? null,
    ...(sessionId !== undefined && {
      state_fresh: session?.isFresh ?? true,
      state_kept: session?.isStateKept ?? false,
    }),
    language,
    version,
    run_timeout: runTimeoutMs,
    ...(compile && { compile: { ...stageOf(compile), cached: compile.isCached } }),
    ...(run && { run: stageOf(run) }),
    ...shownOf(report),
    ...(report.shownTruncated && { results_truncated: true }),
    ...(files && {
      files: files.map(returnedFile),
      files_truncated: report.filesTruncated === true,
    }),
    ...paidOf(executed),
  };
}

/** How this face tells of an execution while it runs. */
export const V1_WORDS: Words = {
  start: ({ executionId, sessionId, language }, version) => ({
    id: executionId,
    session_id: sessionId ?? null,
    language,
    version,
  }),
  end: toV1Execution,
  openStdin: "open_stdin",
  face: "v1",
};

/** A language that can be had, in the words of this face. */
export function toV1Runtime(runtime: Runtime) {
  const { language, name, version, aliases, isCompiled, mainFile } = runtime;
  return { language, name, version, aliases, compiled: isCompiled, main_file: mainFile };
}

function stageOf(stage: StageReport): Stage {
  return {
    stdout: stage.stdout,
    stderr: stage.stderr,
    code: stage.exitCode,
    signal: stage.signal,
    time_ms: Math.round(stage.wallMs),
    memory_kb: memoryKbOf(stage),
    outcome: stage.outcome,
    stdout_bytes: stage.stdoutBytes,
    stderr_bytes: stage.stderrBytes,
    stdout_truncated: stage.stdoutTruncated,
    stderr_truncated: stage.stderrTruncated,
    stdout_is_utf8: stage.stdoutIsUtf8,
    stderr_is_utf8: stage.stderrIsUtf8,
  };
}
