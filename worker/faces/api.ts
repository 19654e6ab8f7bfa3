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
import type { Executed, Order } from "../execute.ts";
import type { Runtime } from "../runtimes.ts";
import type { Words } from "../stream.ts";
import {
  hasProgram,
  Language,
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
import { toSessionWord } from "./session-word.ts";

const fields = {
  ...programFields,
  timeout: timeoutOf(RUN_TIMEOUT_MS_MAX),
  compileTimeout: timeoutOf(COMPILE_TIMEOUT_MS_MAX),
  outputFiles: outputPatterns,
  openStdin: z.boolean().nullish(),
};

/**
 * What `POST /api/execute` takes: a program as `code`, as `files`, or as `code` with `files` beside
 * it. Fields it does not know are ignored.
 */
export const ApiExecuteRequest = z.object(fields).refine(hasProgram, programRule);
export type ApiExecuteRequest = z.infer<typeof ApiExecuteRequest>;

/** The same in a session, whose language need not be said again. */
export const SessionExecuteRequest = z
  .object({ ...fields, language: Language.nullish() })
  .refine(hasProgram, programRule);
export type SessionExecuteRequest = z.infer<typeof SessionExecuteRequest>;

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
  /** Where it ran in a session: which, whether it found what earlier executions left there, besides files, ... */
  sessionId?: string;
  stateFresh?: boolean;
  /** ... and whether later ones will find what there is now. */
  stateKept?: boolean;
  compile?: Stage & { cached: boolean };
  /** Those that were asked for. */
  files?: ReturnedFile[];
  filesTruncated?: boolean;
  resultsTruncated?: boolean;
} & Stage &
  Shown &
  Paid;

/** A request of this face as an order for the core; in a session, if one is named. */
export function toOrder(
  request: ApiExecuteRequest | SessionExecuteRequest,
  sessionId?: string,
): Order {
  const { timeout, compileTimeout, outputFiles, openStdin } = request;
  return orderOf(request, {
    times: {
      ...runTimes(timeout, RUN_TIMEOUT_MS_DEFAULT),
      compileTimeoutMs: compileTimeout ?? COMPILE_TIMEOUT_MS_DEFAULT,
    },
    ...(sessionId !== undefined && { session: { id: sessionId } }),
    outputFiles,
    openStdin,
  });
}

/** What came of a program, in the words of this face. */
export function toApiExecution(executed: Executed): ApiExecution {
  const { executionId, sessionId, language, report } = executed;
  const { version, compile, session, files } = report;
  const last = report.run ?? compile;
  if (last === undefined) throw new Error("a report has neither run nor compiled anything");
  return {
    id: executionId,
    ...(sessionId !== undefined && {
      sessionId: toSessionWord(sessionId),
      stateFresh: session?.isFresh ?? true,
      stateKept: session?.isStateKept ?? false,
    }),
    language,
    version,
    ...stageOf(last),
    ...shownOf(report),
    ...(report.shownTruncated && { resultsTruncated: true }),
    ...(files && {
      files: files.map(returnedFile),
      filesTruncated: report.filesTruncated === true,
    }),
    outcome: outcomeOf(report),
    timedOut: last.outcome === "timeout",
    ...(compile && { compile: { ...stageOf(compile), cached: compile.isCached } }),
    ...paidOf(executed),
  };
}

/** How this face tells of an execution while it runs. */
export const API_WORDS: Words = {
  start: ({ executionId, sessionId, language }, version) => ({
    id: executionId,
    ...(sessionId !== undefined && { sessionId: toSessionWord(sessionId) }),
    language,
    version,
  }),
  end: toApiExecution,
  openStdin: "openStdin",
  face: "api",
};

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
