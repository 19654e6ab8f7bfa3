// The `/api` face: how its callers write a program and read what came of it. It translates to and
// from the core's words and decides nothing else. Names are camelCase, times are milliseconds, and
// one final newline of each output is left out, as its examples print them.

import * as z from "zod";
import type { ErrorCode } from "../../shared/errors.ts";
import { findLanguage, LANGUAGE_IDS, LANGUAGES } from "../../shared/languages.ts";
import {
  CODE_BYTES_MAX,
  COMPILE_TIMEOUT_MS_DEFAULT,
  RUN_TIMEOUT_MS_DEFAULT,
  RUN_TIMEOUT_MS_MAX,
  RUN_TIMEOUT_MS_MIN,
  STDIN_BYTES_MAX,
} from "../../shared/limits.ts";
import { creditsOf } from "../../shared/money.ts";
import type { Executed, Program } from "../execute.ts";

const timeoutRule = {
  error: `must be a whole number of milliseconds from ${RUN_TIMEOUT_MS_MIN} to ${RUN_TIMEOUT_MS_MAX}`,
};

/** What `POST /api/execute` takes. Fields it does not know are ignored; null is as good as absent. */
export const ApiExecuteRequest = z.object({
  language: z.string().transform((word, ctx) => {
    const id = findLanguage(word);
    if (id !== undefined) return id;
    const params: { code: ErrorCode } = { code: "unknown_language" };
    const message = `is not a supported language; use one of ${LANGUAGE_IDS.join(", ")}`;
    ctx.issues.push({ code: "custom", input: word, params, message });
    return z.NEVER;
  }),
  code: limitedText(CODE_BYTES_MAX).refine((code) => code !== "", { error: "must not be empty" }),
  timeout: z
    .int(timeoutRule)
    .min(RUN_TIMEOUT_MS_MIN, timeoutRule)
    .max(RUN_TIMEOUT_MS_MAX, timeoutRule)
    .nullish(),
  stdin: limitedText(STDIN_BYTES_MAX).nullish(),
});
export type ApiExecuteRequest = z.infer<typeof ApiExecuteRequest>;

/** What `POST /api/execute` answers for a program that ran, whatever came of it. */
export type ApiExecution = {
  id: string;
  language: string;
  /** `null` when the program did not exit by itself. */
  exitCode: number | null;
  stdout: string;
  stderr: string;
  /** Whole milliseconds, measured in the sandbox. */
  duration: number;
  timedOut: boolean;
  outcome: string;
  signal: string | null;
  memoryKb: number;
  stdoutBytes: number;
  stderrBytes: number;
  stdoutTruncated: boolean;
  stderrTruncated: boolean;
  stdoutIsUtf8: boolean;
  stderrIsUtf8: boolean;
} & ({ credits: { charged: number; remaining: number } } | { demo: { remaining: number } });

/** A request of this face as a program for the core. */
export function toProgram(request: ApiExecuteRequest): Program {
  const { language, code, timeout, stdin } = request;
  return {
    language,
    files: [{ name: LANGUAGES[language].mainFile, content: code }],
    ...(typeof stdin === "string" ? { stdin } : {}),
    runTimeoutMs: timeout ?? RUN_TIMEOUT_MS_DEFAULT,
    compileTimeoutMs: COMPILE_TIMEOUT_MS_DEFAULT,
  };
}

/** What came of a program, in the words of this face. */
export function toApiExecution(program: Program, executed: Executed): ApiExecution {
  const { executionId, report, chargedMicro, left } = executed;
  return {
    id: executionId,
    language: program.language,
    exitCode: report.exitCode,
    stdout: withoutFinalNewline(report.stdout),
    stderr: withoutFinalNewline(report.stderr),
    duration: Math.round(report.wallMs),
    timedOut: report.outcome === "timeout",
    outcome: report.outcome,
    signal: report.signal,
    memoryKb: Math.ceil(report.memoryPeakBytes / 1024),
    stdoutBytes: report.stdoutBytes,
    stderrBytes: report.stderrBytes,
    stdoutTruncated: report.stdoutTruncated,
    stderrTruncated: report.stderrTruncated,
    stdoutIsUtf8: report.stdoutIsUtf8,
    stderrIsUtf8: report.stderrIsUtf8,
    ...("demoRuns" in left
      ? { demo: { remaining: left.demoRuns } }
      : {
          credits: { charged: creditsOf(chargedMicro), remaining: creditsOf(left.balanceMicro) },
        }),
  };
}

function withoutFinalNewline(text: string): string {
  return text.endsWith("\n") ? text.slice(0, -1) : text;
}

/** Text of at most `bytesMax` bytes. Half a surrogate pair cannot be UTF-8 and becomes U+FFFD. */
function limitedText(bytesMax: number) {
  const params: { code: ErrorCode } = { code: "payload_too_large" };
  return z
    .string()
    .transform((text) => text.toWellFormed())
    .refine((text) => byteLength(text, bytesMax) <= bytesMax, {
      error: `must be at most ${bytesMax} bytes`,
      params,
    });
}

/** The UTF-8 length, or the length in code units when that alone is too much. */
function byteLength(text: string, bytesMax: number): number {
  return text.length > bytesMax ? text.length : new TextEncoder().encode(text).length;
}
