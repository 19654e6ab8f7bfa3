// The `/v1` face: how its callers write a program and read what came of it. It translates to and
// from the core's words and decides nothing else. Names are snake_case, times are milliseconds, and
// outputs are left as they are. It keeps no sessions, and says so to whoever asks for one.

import * as z from "zod";
import {
  COMPILE_TIMEOUT_MS_DEFAULT,
  COMPILE_TIMEOUT_MS_MAX,
  LONG_RUN_TIMEOUT_MS_DEFAULT,
  LONG_RUN_TIMEOUT_MS_MAX,
} from "../../shared/limits.ts";
import type { StageReport } from "../../shared/runner-api.ts";
import type { Executed, Program } from "../execute.ts";
import type { Runtime } from "../runtimes.ts";
import {
  hasFiles,
  hasProgram,
  memoryKbOf,
  type Paid,
  paidOf,
  programFields,
  programOf,
  programRule,
  runTimes,
  timeoutOf,
} from "./fields.ts";

/**
 * What `POST /v1/execute` takes: a program as `code` or as `files`, and not as both. Fields it does
 * not know are ignored.
 */
export const V1ExecuteRequest = z
  .object({
    ...programFields,
    session_id: z.null({ error: "cannot be used: sessions are not kept here yet" }).optional(),
    run_timeout: timeoutOf(LONG_RUN_TIMEOUT_MS_MAX),
    compile_timeout: timeoutOf(COMPILE_TIMEOUT_MS_MAX),
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
  language: string;
  version: string;
  /** The time the program had to run in. */
  run_timeout: number;
  compile?: Stage & { cached: boolean };
  run?: Stage;
} & Paid;

/** A request of this face as a program for the core. */
export function fromV1(request: V1ExecuteRequest): Program {
  return programOf(request, {
    ...runTimes(request.run_timeout, LONG_RUN_TIMEOUT_MS_DEFAULT),
    compileTimeoutMs: request.compile_timeout ?? COMPILE_TIMEOUT_MS_DEFAULT,
  });
}

/** What came of a program, in the words of this face. */
export function toV1Execution({ language }: Program, executed: Executed): V1Execution {
  const { executionId, report, runTimeoutMs } = executed;
  const { version, compile, run } = report;
  return {
    id: executionId,
    language,
    version,
    run_timeout: runTimeoutMs,
    ...(compile && { compile: { ...stageOf(compile), cached: compile.isCached } }),
    ...(run && { run: stageOf(run) }),
    ...paidOf(executed),
  };
}

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
