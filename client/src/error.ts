// The one kind of error this client throws, apart from what an AbortSignal is aborted with. Its `code`
// is the service's, from the one table of them, or one of the client's own.

import { type ErrorCode, RETRYABLE } from "./known.ts";

/**
 * What goes wrong on the way: nobody answered (`connection_failed`), a stream ended before its end
 * (`stream_broken`), or what answered is not this service (`unexpected_reply`).
 */
export type ClientCode = "connection_failed" | "stream_broken" | "unexpected_reply";

/** What an error may tell besides its code and its sentence. */
export type ErrorDetails = {
  /** The HTTP status, 0 where there was none. */
  status?: number | undefined;
  /** By which the service's own log knows the request. */
  requestId?: string | undefined;
  /** The field of the request that is at fault. */
  field?: string | undefined;
  /** How long to wait before it pays to ask again. */
  retryAfterMs?: number | undefined;
  /** How long a program ran although there is no report of it. */
  ranMs?: number | undefined;
  /** The execution it is about, where one had begun. */
  executionId?: string | undefined;
  cause?: unknown;
};

/** Thrown by everything here. */
export class CodeRunnerError extends Error {
  readonly code: ErrorCode | ClientCode;
  readonly status: number;
  readonly requestId: string | undefined;
  readonly field: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly ranMs: number | undefined;
  readonly executionId: string | undefined;

  constructor(code: ErrorCode | ClientCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "CodeRunnerError";
    this.code = code;
    this.status = details.status ?? 0;
    this.requestId = details.requestId;
    this.field = details.field;
    this.retryAfterMs = details.retryAfterMs;
    this.ranMs = details.ranMs;
    this.executionId = details.executionId;
  }

  /** Whether the same may succeed later. */
  get retryable(): boolean {
    return (
      this.code === "connection_failed" ||
      RETRYABLE.has(this.code) ||
      // A proxy's own word that what is behind it cannot be had right now.
      (this.code === "unexpected_reply" && this.status >= 502)
    );
  }
}

/** The error that a reply tells of, whoever wrote it. */
export async function errorOf(response: Response): Promise<CodeRunnerError> {
  const { status, headers } = response;
  const text = await response.text().catch(() => "");
  const details = {
    status,
    requestId: headers.get("x-request-id") ?? undefined,
    retryAfterMs: retryAfterMsOf(headers.get("retry-after")),
  };
  const said = parsed(text)?.error;
  if (typeof said?.code !== "string") {
    return new CodeRunnerError(
      "unexpected_reply",
      `The answer was ${status}, not one of the service's.`,
      details,
    );
  }
  return toldError(said, details);
}

/** What the service says of an error. */
export type Said = {
  code: ErrorCode;
  message: string;
  requestId?: string;
  field?: string;
  retryAfterMs?: number;
  ranMs?: number;
};

/** An error in the service's own words, as it is told of in replies and in streams. */
export function toldError(said: Said, details: ErrorDetails = {}): CodeRunnerError {
  return new CodeRunnerError(said.code, said.message, { ...details, ...said });
}

function parsed(text: string): { error?: Said } | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Seconds, or a date. */
function retryAfterMsOf(header: string | null): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
