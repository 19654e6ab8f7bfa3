// What a runner's refusal means to the caller. A runner is believed where it alone can know: that it
// has no room, or what became of a session, a file or an execution that it keeps, or what in the
// caller's own fields cannot be. Everything else it dislikes is a fault of ours; the text goes to the
// log.

import type * as z from "zod";
import { type ErrorCode, Failure, SESSION_ENDINGS, type SessionEnding } from "../shared/errors.ts";
import { BUSY_RETRY_AFTER_MS } from "../shared/limits.ts";
import { RunnerError } from "../shared/runner-api.ts";
import type { Answer } from "./runner-ask.ts";

const DETAIL_CHARACTERS_MAX = 500;

/** What may be passed on of one kind of question. */
export type Believed = {
  /** With the table's sentence, mostly. */
  codes: readonly ErrorCode[];
  /** With the runner's own sentence, if it is about one of these fields. */
  fields: RegExp;
};

const ENDINGS = new Map<ErrorCode, SessionEnding>(
  SESSION_ENDINGS.map((ending) => [`session_${ending}`, ending]),
);
const FIELD_CODES: readonly ErrorCode[] = [
  "invalid_request",
  "payload_too_large",
  "unknown_version",
];
/** Of which the table's sentence says too little: which conflict it is, which package. */
const SAID_BY_RUNNERS: readonly ErrorCode[] = ["conflict", "packages_refused"];
const OF_SESSIONS: readonly ErrorCode[] = [...ENDINGS.keys(), "unknown_session", "session_busy"];

export const OF_EXECUTING: Believed = {
  codes: [...OF_SESSIONS, "conflict", "payload_too_large", "workspace_full"],
  fields: /^(files|version|args|stdin)\b/,
};
export const OF_A_SESSION: Believed = {
  codes: [...OF_SESSIONS, "not_running"],
  fields: /^version\b/,
};
export const OF_PACKAGES: Believed = {
  codes: [
    ...OF_A_SESSION.codes,
    "workspace_full",
    "packages_disabled",
    "packages_refused",
    "packages_too_large",
    "packages_unreachable",
  ],
  fields: /^(version|packages)\b/,
};
export const OF_FILES: Believed = {
  codes: [...OF_SESSIONS, "unknown_file", "workspace_full", "payload_too_large", "conflict"],
  fields: /^(path|body|content-digest)\b/i,
};
export const OF_AN_EXECUTION: Believed = {
  codes: ["unknown_execution", "not_running", "payload_too_large"],
  fields: /^(data|stdin)\b/,
};

/** How a session has ended, if that is what a failure says. */
export function endingOf({ code }: Failure): SessionEnding | undefined {
  return ENDINGS.get(code);
}

/** A refusal of the runner's as the failure the caller sees. */
export function failureFrom(answer: Answer, believed: Believed): Failure {
  const parsed = RunnerError.safeParse(jsonOf(answer));
  if (!parsed.success) return fault(answer, "not what was asked for and not an error");
  return failureOfRunner(parsed.data.error, `${answer.status}`, believed);
}

/** The same for an error that came by itself. */
export function failureOfRunner(
  { code, message, field, retryAfterMs, ranMs }: RunnerError["error"],
  where: string,
  { codes, fields }: Believed,
): Failure {
  const detail = `the runner answered ${where} ${code}: ${message}`;
  if (FIELD_CODES.includes(code) && field !== undefined && fields.test(field)) {
    return new Failure(code, { message, field, detail });
  }
  // The account has the session and the runner has not: it went with the runner's memory of it.
  if (code === "unknown_session" && codes.includes(code)) {
    return new Failure("session_lost", { detail });
  }
  if (codes.includes(code)) {
    const own = SAID_BY_RUNNERS.includes(code) ? message : undefined;
    const ran = code === "session_deleted" ? ranMs : undefined;
    return new Failure(code, { message: own, retryAfterMs, ranMs: ran, detail });
  }
  if (code === "busy" || code === "no_runner") {
    return new Failure(code, { retryAfterMs: retryAfterMs ?? BUSY_RETRY_AFTER_MS, detail });
  }
  return new Failure("runner_fault", { detail });
}

/** An answer of the kind that was asked for, or the failure that it is instead. */
export function answerAs<Schema extends z.ZodType>(
  schema: Schema,
  answer: Answer,
  believed: Believed,
): z.output<Schema> {
  requireDone(answer, believed);
  return valueIn(schema, answer);
}

/** What an answer says, whether or not it is a success. Throws a Failure when that is not of the kind. */
export function valueIn<Schema extends z.ZodType>(
  schema: Schema,
  answer: Answer,
): z.output<Schema> {
  const parsed = schema.safeParse(jsonOf(answer));
  if (!parsed.success) throw fault(answer, "not what was asked for");
  return parsed.data;
}

/** Throws the failure that an answer is, if it is one. */
export function requireDone(answer: Answer, believed: Believed): void {
  if (answer.status < 200 || answer.status > 299) throw failureFrom(answer, believed);
}

function fault(answer: Answer, what: string): Failure {
  const start = answer.text.slice(0, DETAIL_CHARACTERS_MAX);
  return new Failure("runner_fault", {
    detail: `the runner's answer is ${what}: ${answer.status} ${start}`,
  });
}

function jsonOf({ text }: Answer): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
