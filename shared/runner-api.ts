// What the gateway and a runner say to each other: one schema and one type per message, under one
// name. A runner parses what it is sent; the gateway parses what comes back, because neither trusts
// the other with more than this. Requests are signed (see signature.ts).

import * as z from "zod";
import { ERRORS, type ErrorCode } from "./errors.ts";
import { LANGUAGE_IDS } from "./languages.ts";
import {
  ARGS_BYTES_MAX,
  ARGS_MAX,
  CODE_BYTES_MAX,
  FILE_BYTES_MAX,
  FILE_NAME_BYTES_MAX,
  FILES_MAX,
  RUN_TIMEOUT_MS_MAX,
  RUN_TIMEOUT_MS_MIN,
  STDIN_BYTES_MAX,
} from "./limits.ts";
import { OUTCOME_NAMES } from "./outcomes.ts";

/** Where a runner takes executions. */
export const RUNNER_EXECUTE_PATH = "/v1/execute";
/** Where a runner says how it is. */
export const RUNNER_HEALTH_PATH = "/v1/health";

const encoder = new TextEncoder();
/** With a length divisible by four, this is base64; a regexp of groups would overflow on megabytes. */
const BASE64_CHARACTERS = /^[A-Za-z0-9+/]*={0,2}$/;

/** A string of at most `bytesMax` UTF-8 bytes. */
export function textOf(bytesMax: number) {
  return z
    .string()
    .refine((text) => text.length <= bytesMax && encoder.encode(text).length <= bytesMax, {
      error: `must be at most ${bytesMax} bytes`,
    });
}

/** A relative path inside the workspace: no `..`, no empty part, no NUL, nothing absolute. */
export const WorkspacePath = textOf(FILE_NAME_BYTES_MAX).refine(
  (path) =>
    path !== "" &&
    !path.includes("\0") &&
    path.split("/").every((part) => part !== "" && part !== "." && part !== ".."),
  { error: "must be a relative path inside the workspace" },
);

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && BASE64_CHARACTERS.test(text);
}

export const ProgramFile = z
  .strictObject({
    name: WorkspacePath,
    content: textOf(Math.ceil((FILE_BYTES_MAX * 4) / 3) + 4),
    encoding: z.enum(["utf8", "base64"]).optional(),
  })
  .refine(({ content, encoding }) => encoding !== "base64" || isBase64(content), {
    error: "is not base64",
    path: ["content"],
  });
export type ProgramFile = z.infer<typeof ProgramFile>;

export const RunnerExecuteRequest = z.strictObject({
  /** The caller's id for this execution; appears in both logs. */
  executionId: z.string().min(1).max(64),
  /** Whose program this is. A sandbox serves one account only. */
  accountId: z.string().min(1).max(128),
  /** Whether the sandbox must go afterwards, because whoever shares the account may be strangers. */
  singleUse: z.boolean().optional(),
  language: z.enum(LANGUAGE_IDS),
  code: textOf(CODE_BYTES_MAX),
  files: z.array(ProgramFile).max(FILES_MAX).optional(),
  args: z
    .array(textOf(ARGS_BYTES_MAX).refine((arg) => !arg.includes("\0"), { error: "contains NUL" }))
    .max(ARGS_MAX)
    .refine((args) => encoder.encode(args.join("\0")).length <= ARGS_BYTES_MAX, {
      error: `must be at most ${ARGS_BYTES_MAX} bytes together`,
    })
    .optional(),
  stdin: textOf(STDIN_BYTES_MAX).optional(),
  runTimeoutMs: z.int().min(RUN_TIMEOUT_MS_MIN).max(RUN_TIMEOUT_MS_MAX),
});
export type RunnerExecuteRequest = z.infer<typeof RunnerExecuteRequest>;

const count = z.int().nonnegative();

/** What came of a program. Durations are measured inside the sandbox, by the supervisor. */
export const ExecutionReport = z.object({
  outcome: z.enum(OUTCOME_NAMES),
  /** `null` when the program did not exit by itself. */
  exitCode: z.int().min(0).max(255).nullable(),
  /** The name of the signal that ended it, such as `SIGKILL`, or `null`. */
  signal: z.string().max(16).nullable(),
  /** At most OUTPUT_BYTES_MAX bytes each, invalid UTF-8 replaced by U+FFFD. */
  stdout: z.string(),
  stderr: z.string(),
  /** All bytes the program wrote, kept or not. */
  stdoutBytes: count,
  stderrBytes: count,
  stdoutTruncated: z.boolean(),
  stderrTruncated: z.boolean(),
  /** Whether what the text was made of was UTF-8 throughout, so that nothing had to be replaced. */
  stdoutIsUtf8: z.boolean(),
  stderrIsUtf8: z.boolean(),
  wallMs: z.number().nonnegative(),
  cpuMs: z.number().nonnegative(),
  memoryPeakBytes: count,
  /** How long the request waited at the runner for a sandbox. */
  queueMs: z.number().nonnegative(),
});
export type ExecutionReport = z.infer<typeof ExecutionReport>;

export const RunnerHealth = z.object({
  /** Whether a sandbox could be handed out now. */
  ready: z.boolean(),
  runnerId: z.string().max(64),
  languages: z.partialRecord(
    z.enum(LANGUAGE_IDS),
    z.object({ version: z.string().max(64), warm: count, busy: count }),
  ),
});
export type RunnerHealth = z.infer<typeof RunnerHealth>;

/** A runner's failure, as it arrives at the gateway. */
export const RunnerError = z.object({
  error: z.object({
    code: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]),
    message: z.string().max(1024),
    field: z.string().max(256).optional(),
    retryAfterMs: count.optional(),
  }),
});
export type RunnerError = z.infer<typeof RunnerError>;
