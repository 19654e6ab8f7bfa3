// One line for whatever went wrong, with what to do about it, and the exit code it has. What the service
// says is passed on in its own words; the remedies are the command's.

import { CodeRunnerError } from "../../client/src/error.ts";
import type { Access } from "./config.ts";
import { EXITS, type Exit, Stop } from "./exit.ts";

export type Explained = { exitCode: number; line: string; error: object };

type Code = CodeRunnerError["code"];

/** What to do, where the service's sentence does not say it. */
const REMEDIES: Partial<Record<Code, string>> = {
  unauthorized: "Take one with `coderunner login --new`, or set CODERUNNER_API_KEY.",
  no_credits: "See `coderunner credits`.",
  unknown_language: "See `coderunner execute runtimes`.",
  unknown_version: "See `coderunner execute runtimes`.",
  unknown_session:
    "See `coderunner sessions`, or open one with `coderunner sessions open LANGUAGE`.",
  session_deleted: "Open another with `coderunner sessions open LANGUAGE`.",
  session_busy: "See `coderunner sessions interrupt SESSION`.",
  too_many_sessions: "See `coderunner sessions`, and `coderunner sessions rm SESSION`.",
  unknown_file: "See `coderunner files ls SESSION`.",
  unknown_execution: "See `coderunner history`.",
  unknown_key: "See `coderunner keys`.",
  too_many_keys: "See `coderunner keys`, and `coderunner keys revoke KEY`.",
  last_key: "With this command that is `--force`.",
  workspace_full: "Remove files with `coderunner files rm SESSION PATH`.",
  busy: "Try again in a moment.",
  no_runner: "Try again in a moment.",
  runner_fault: "Try again.",
  internal: "Try again; if it stays so, tell the service's operator the request's id.",
  connection_failed: "Is it running, and is CODERUNNER_URL right?",
  unexpected_reply: "Is CODERUNNER_URL right?",
};

const ACCOUNT: readonly Code[] = ["unauthorized", "invalid_key", "no_credits"];
const UNAVAILABLE: readonly Code[] = [
  "connection_failed",
  "stream_broken",
  "unexpected_reply",
  "packages_unreachable",
  "rate_limited",
  "busy",
  "session_busy",
  "no_runner",
  "runner_fault",
  "internal",
  "idempotency_in_progress",
];

/** The line, the exit code and, for scripts, the error itself. */
export function explain(thrown: unknown, access: Access | undefined): Explained {
  if (thrown instanceof Stop) {
    const { exit, message, code } = thrown;
    return explained(exit, message, { code, message });
  }
  if (thrown instanceof CodeRunnerError) return explainService(thrown, access);
  const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  const message = `A fault of this command itself: ${text}`;
  return explained("bug", message, { code: "bug", message });
}

function explainService(error: CodeRunnerError, access: Access | undefined): Explained {
  const { code, field, requestId, retryAfterMs, executionId } = error;
  const exit: Exit = ACCOUNT.includes(code)
    ? "account"
    : UNAVAILABLE.includes(code)
      ? "unavailable"
      : "refused";
  const message = sentence(error, access);
  return explained(
    exit,
    [message, remedyFor(error, access), code === "internal" && requestId].filter(Boolean).join(" "),
    {
      code,
      message: error.message,
      ...(field !== undefined && { field }),
      ...(requestId !== undefined && { requestId }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...(executionId !== undefined && { executionId }),
    },
  );
}

function sentence(
  { code, message, executionId }: CodeRunnerError,
  access: Access | undefined,
): string {
  if (code === "stream_broken" && executionId !== undefined) {
    return `The connection to ${access?.url} broke off while ${executionId} ran; it was told to end.`;
  }
  if (code === "unexpected_reply" && access !== undefined) return `${access.url}: ${message}`;
  return /[.!?]$/.test(message) ? message : `${message}.`;
}

function remedyFor(
  { code, executionId, retryAfterMs }: CodeRunnerError,
  access: Access | undefined,
): string {
  if (code === "stream_broken" && executionId !== undefined) {
    return access?.key === undefined
      ? "Run it again."
      : `What it printed until then: coderunner history show ${executionId}`;
  }
  if (code === "invalid_key") {
    return access?.keyFrom === "login"
      ? "Store another with `coderunner login`."
      : "Look at CODERUNNER_API_KEY, or unset it and use `coderunner login`.";
  }
  if (code === "rate_limited" && retryAfterMs !== undefined) {
    return `Try again in ${Math.ceil(retryAfterMs / 1000)} s${access?.key === undefined ? ", or use a key: coderunner login --new" : ""}.`;
  }
  return REMEDIES[code] ?? "";
}

function explained(exit: Exit, line: string, error: object): Explained {
  return { exitCode: EXITS[exit].code, line, error };
}
