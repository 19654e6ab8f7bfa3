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
import { OUTCOME_NAMES } from "../../shared/outcomes.ts";
import type { StageReport } from "../../shared/runner-api.ts";
import type { Executed, Order } from "../execute.ts";
import { named } from "../openapi/named.ts";
import type { Runtime } from "../runtimes.ts";
import type { Words } from "../stream.ts";
import {
  hasFiles,
  hasProgram,
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
import { fromSessionWord } from "./session-word.ts";

/**
 * What `POST /v1/execute` takes: a program as `code` or as `files`, and not as both. Fields it does
 * not know are ignored.
 */
export const V1ExecuteRequest = named(
  "V1ExecuteRequest",
  z
    .object({
      ...programFields,
      session_id: z
        .string()
        .nullish()
        .describe("The session to run it in; without it, a new one, for who has a key."),
      run_timeout: timeoutOf(LONG_RUN_TIMEOUT_MS_MAX, "How long it may run"),
      compile_timeout: timeoutOf(COMPILE_TIMEOUT_MS_MAX, "How long its compiler may"),
      output_files: outputPatterns,
      open_stdin: openInput,
    })
    .refine(hasProgram, programRule)
    .refine((fields) => typeof fields.code !== "string" || !hasFiles(fields), {
      error: "cannot be sent beside `code`: send one of the two",
      path: ["files"],
    }),
);
export type V1ExecuteRequest = z.infer<typeof V1ExecuteRequest>;

const count = z.int().nonnegative();

/** What came of one command. */
const stageFields = {
  stdout: z.string(),
  stderr: z.string(),
  code: z.int().nullable().describe("Its exit code; `null` when it did not exit by itself."),
  signal: z.string().nullable().describe("The name of the signal that ended it, if one did."),
  time_ms: count.describe("Whole milliseconds, measured in the sandbox."),
  memory_kb: count.describe("The most memory it had."),
  outcome: z.enum(OUTCOME_NAMES),
  stdout_bytes: count.describe("All it wrote, kept or not."),
  stderr_bytes: count,
  stdout_truncated: z.boolean(),
  stderr_truncated: z.boolean(),
  stdout_is_utf8: z.boolean().describe("Whether nothing in it had to be replaced."),
  stderr_is_utf8: z.boolean(),
};
const Stage = z.strictObject(stageFields);
type Stage = z.infer<typeof Stage>;

const inSession = {
  session_id: z.string().nullable().describe("The session it ran in; `null` without a key."),
};

/** What `POST /v1/execute` answers. */
export const V1Execution = named(
  "V1Execution",
  z.strictObject({
    id: z.string(),
    ...inSession,
    state_fresh: z
      .boolean()
      .optional()
      .describe("In a session: whether it began without what earlier executions left, but files."),
    state_kept: z
      .boolean()
      .optional()
      .describe("In a session: whether later ones will find what there is now."),
    language: z.string(),
    version: z.string().describe("Of the language, as it ran."),
    run_timeout: count.describe("The time the program had to run in."),
    compile: z
      .strictObject({
        ...stageFields,
        cached: z.boolean().describe("Whether the same sources had been compiled before."),
      })
      .optional()
      .describe("What the compiler did, in languages that are compiled."),
    run: Stage.optional().describe("Absent when the program could not be compiled."),
    ...shownFields,
    results_truncated: z.boolean().optional(),
    files: z.array(ReturnedFile).optional().describe("Those that were asked for."),
    files_truncated: z.boolean().optional(),
    ...paidFields,
  }),
);
export type V1Execution = z.infer<typeof V1Execution>;

/** The first event of a stream of this face. */
export const V1Start = z.strictObject({
  id: z.string(),
  ...inSession,
  language: z.string(),
  version: z.string(),
});

/** A language that can be had, in the words of this face. */
export const V1Runtime = named(
  "V1Runtime",
  z.strictObject({
    language: z.string().describe("The id a request names it by."),
    name: z.string(),
    version: z.string(),
    aliases: z.array(z.string()),
    compiled: z.boolean(),
    main_file: z.string(),
  }),
);

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

export function toV1Runtime(runtime: Runtime): z.infer<typeof V1Runtime> {
  const { language, name, version, aliases, isCompiled, mainFile } = runtime;
  const main_file = mainFile;
  return { language, name, version, aliases: [...aliases], compiled: isCompiled, main_file };
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
