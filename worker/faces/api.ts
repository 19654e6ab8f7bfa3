// The `/api` face: how its callers write a program and read what came of it. It translates to and
// from the core's words and decides nothing else. Names are camelCase, times are milliseconds, and
// one final newline of each output is left out, as its examples print them.

import * as z from "zod";
import {
  COMPILE_TIMEOUT_MS_DEFAULT,
  COMPILE_TIMEOUT_MS_MAX,
  RUN_TIMEOUT_MS_DEFAULT,
  RUN_TIMEOUT_MS_MAX,
} from "../../shared/limits.ts";
import { outcomeOf, type StageReport } from "../../shared/runner-api.ts";
import type { Executed, Program } from "../execute.ts";
import type { Runtime } from "../runtimes.ts";
import {
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
 * What `POST /api/execute` takes: a program as `code`, as `files`, or as `code` with `files` beside
 * it. Fields it does not know are ignored.
 */
export const ApiExecuteRequest = z
  .object({
    ...programFields,
    timeout: timeoutOf(RUN_TIMEOUT_MS_MAX),
    compileTimeout: timeoutOf(COMPILE_TIMEOUT_MS_MAX),
  })
  .refine(hasProgram, programRule);
export type ApiExecuteRequest = z.infer<typeof ApiExecuteRequest>;

type Stage = {
  /** `null` when it did not exit by itself. */
  exitCode: number | null;
  stdout: string;
  stderr: string;
  /** Whole milliseconds, measured in the sandbox. */
  duration: number;
  outcome: string;
  signal: string | null;
  memoryKb: number;
  stdoutBytes: number;
  stderrBytes: number;
  stdoutTruncated: boolean;
  stderrTruncated: boolean;
  stdoutIsUtf8: boolean;
  stderrIsUtf8: boolean;
};

/**
 * What `POST /api/execute` answers for a program that ran, whatever came of it; or, where it could
 * not be compiled, what its compiler came to, so that whoever looks at nothing else sees why.
 */
export type ApiExecution = {
  id: string;
  language: string;
  version: string;
  timedOut: boolean;
  compile?: Stage & { cached: boolean };
} & Stage &
  Paid;

/** A request of this face as a program for the core. */
export function toProgram(request: ApiExecuteRequest): Program {
  return programOf(request, {
    ...runTimes(request.timeout, RUN_TIMEOUT_MS_DEFAULT),
    compileTimeoutMs: request.compileTimeout ?? COMPILE_TIMEOUT_MS_DEFAULT,
  });
}

/** What came of a program, in the words of this face. */
export function toApiExecution({ language }: Program, executed: Executed): ApiExecution {
  const { executionId, report } = executed;
  const { version, compile } = report;
  const last = report.run ?? compile;
  if (last === undefined) throw new Error("a report has neither run nor compiled anything");
  return {
    id: executionId,
    language,
    version,
    ...stageOf(last),
    outcome: outcomeOf(report),
    timedOut: last.outcome === "timeout",
    ...(compile && { compile: { ...stageOf(compile), cached: compile.isCached } }),
    ...paidOf(executed),
  };
}

/** A language that can be had, in the words of this face. */
export function toApiLanguage(runtime: Runtime) {
  const { language, name, version, aliases, isCompiled, mainFile } = runtime;
  return { language, name, version, aliases, compiled: isCompiled, mainFile };
}

function stageOf(stage: StageReport): Stage {
  return {
    exitCode: stage.exitCode,
    stdout: withoutFinalNewline(stage.stdout),
    stderr: withoutFinalNewline(stage.stderr),
    duration: Math.round(stage.wallMs),
    outcome: stage.outcome,
    signal: stage.signal,
    memoryKb: memoryKbOf(stage),
    stdoutBytes: stage.stdoutBytes,
    stderrBytes: stage.stderrBytes,
    stdoutTruncated: stage.stdoutTruncated,
    stderrTruncated: stage.stderrTruncated,
    stdoutIsUtf8: stage.stdoutIsUtf8,
    stderrIsUtf8: stage.stderrIsUtf8,
  };
}

function withoutFinalNewline(text: string): string {
  return text.endsWith("\n") ? text.slice(0, -1) : text;
}
