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
import { COMPILE_ERROR, OUTCOME_NAMES } from "../../shared/outcomes.ts";
import { outcomeOf, type StageReport } from "../../shared/runner-api.ts";
import type { Executed, Order } from "../execute.ts";
import { named } from "../openapi/named.ts";
import type { Runtime } from "../runtimes.ts";
import type { Words } from "../stream.ts";
import {
  hasProgram,
  Language,
  memoryKbOf,
  openInput,
  orderOf,
  outputPatterns,
  paidFields,
  paidOf,
  programFields,
  programRule,
  ReturnedFile,
  returnedFile,
  runTimes,
  shownFields,
  shownOf,
  timeoutOf,
} from "./fields.ts";
import { toSessionWord } from "./session-word.ts";

const fields = {
  ...programFields,
  timeout: timeoutOf(RUN_TIMEOUT_MS_MAX, "How long it may run"),
  compileTimeout: timeoutOf(COMPILE_TIMEOUT_MS_MAX, "How long its compiler may"),
  outputFiles: outputPatterns,
  openStdin: openInput,
};

/**
 * What `POST /api/execute` takes: a program as `code`, as `files`, or as `code` with `files` beside
 * it. Fields it does not know are ignored.
 */
export const ApiExecuteRequest = named(
  "ExecuteRequest",
  z.object(fields).refine(hasProgram, programRule),
);
export type ApiExecuteRequest = z.infer<typeof ApiExecuteRequest>;

/** The same in a session, whose language need not be said again. */
export const SessionExecuteRequest = named(
  "SessionExecuteRequest",
  z
    .object({
      ...fields,
      language: Language.nullish().describe("That of the session; need not be said again."),
    })
    .refine(hasProgram, programRule),
);
export type SessionExecuteRequest = z.infer<typeof SessionExecuteRequest>;

const count = z.int().nonnegative();

/** What came of one command. */
const stageFields = {
  exitCode: z.int().nullable().describe("`null` when it did not exit by itself."),
  stdout: z.string().describe("Without its final newline."),
  stderr: z.string().describe("Without its final newline."),
  duration: count.describe("Whole milliseconds, measured in the sandbox."),
  outcome: z.enum(OUTCOME_NAMES),
  signal: z.string().nullable().describe("The name of the signal that ended it, if one did."),
  memoryKb: count.describe("The most memory it had."),
  stdoutBytes: count.describe("All it wrote, kept or not."),
  stderrBytes: count,
  stdoutTruncated: z.boolean(),
  stderrTruncated: z.boolean(),
  stdoutIsUtf8: z.boolean().describe("Whether nothing in it had to be replaced."),
  stderrIsUtf8: z.boolean(),
};
const Stage = z.strictObject(stageFields);
type Stage = z.infer<typeof Stage>;

const inSession = {
  sessionId: z.string().optional().describe("The session it ran in, if it ran in one."),
};

/**
 * What `POST /api/execute` answers for a program that ran, whatever came of it; or, where it could
 * not be compiled, what its compiler came to, so that whoever looks at nothing else sees why.
 */
export const ApiExecution = named(
  "Execution",
  z.strictObject({
    id: z.string(),
    ...inSession,
    stateFresh: z
      .boolean()
      .optional()
      .describe("In a session: whether it began without what earlier executions left, but files."),
    stateKept: z
      .boolean()
      .optional()
      .describe("In a session: whether later ones will find what there is now."),
    language: z.string(),
    version: z.string().describe("Of the language, as it ran."),
    ...stageFields,
    outcome: z
      .enum([...OUTCOME_NAMES, COMPILE_ERROR])
      .describe("What became of the program; `compile_error` when it was never run."),
    timedOut: z.boolean(),
    ...shownFields,
    resultsTruncated: z.boolean().optional(),
    files: z.array(ReturnedFile).optional().describe("Those that were asked for."),
    filesTruncated: z.boolean().optional(),
    compile: z
      .strictObject({
        ...stageFields,
        cached: z.boolean().describe("Whether the same sources had been compiled before."),
      })
      .optional()
      .describe("What the compiler did, in languages that are compiled."),
    ...paidFields,
  }),
);
export type ApiExecution = z.infer<typeof ApiExecution>;

/** The first event of a stream of this face. */
export const ApiStart = z.strictObject({
  id: z.string(),
  ...inSession,
  language: z.string(),
  version: z.string(),
});

/** A language that can be had, in the words of this face. */
export const ApiLanguage = named(
  "Language",
  z.strictObject({
    language: z.string().describe("The id a request names it by."),
    name: z.string(),
    version: z.string(),
    aliases: z.array(z.string()),
    compiled: z.boolean(),
    mainFile: z.string(),
  }),
);

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

export function toApiLanguage(runtime: Runtime): z.infer<typeof ApiLanguage> {
  const { language, name, version, aliases, isCompiled, mainFile } = runtime;
  return { language, name, version, aliases: [...aliases], compiled: isCompiled, mainFile };
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
