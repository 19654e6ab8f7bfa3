// The one table of failures: code, HTTP status, whether the same request may succeed later, and the
// sentence a caller reads. A failure is ours or the caller's; what became of the caller's program is
// an outcome and never appears here. Anything thrown that is not a `Failure` is a bug: it is
// answered with `internal`, and its text goes to the log only.

export const ERRORS = {
  invalid_request: { status: 400, retryable: false, message: "The request is not valid." },
  unknown_language: { status: 400, retryable: false, message: "This language is not supported." },
  unknown_version: { status: 400, retryable: false, message: "There is no such version here." },
  unauthorized: { status: 401, retryable: false, message: "An API key is required." },
  invalid_key: { status: 401, retryable: false, message: "This API key is not valid." },
  no_credits: { status: 402, retryable: false, message: "No credits are left on this account." },
  payment_required: {
    status: 402,
    retryable: false,
    message: "This has to be paid for; pay as the reply says, or use a key with credits.",
  },
  payment_refused: {
    status: 402,
    retryable: false,
    message:
      "This payment was not accepted and nothing was taken; sign a new one as the reply says.",
  },
  packages_disabled: {
    status: 403,
    retryable: false,
    message: "No packages can be installed here; only what the image has can be used.",
  },
  payments_disabled: {
    status: 403,
    retryable: false,
    message: "This gateway takes no payments; ask its operator for credits.",
  },
  origin_refused: {
    status: 403,
    retryable: false,
    message: "Pages of this origin may not call this.",
  },
  not_found: { status: 404, retryable: false, message: "There is nothing here." },
  unknown_session: { status: 404, retryable: false, message: "There is no such session." },
  unknown_file: { status: 404, retryable: false, message: "There is no such file." },
  unknown_execution: { status: 404, retryable: false, message: "There is no such execution." },
  unknown_key: { status: 404, retryable: false, message: "There is no such key." },
  unknown_deposit: {
    status: 404,
    retryable: true,
    message: "The chain knows no such transaction yet; check the hash, or ask again in a moment.",
  },
  method_not_allowed: {
    status: 405,
    retryable: false,
    message: "This method is not allowed here.",
  },
  conflict: { status: 409, retryable: false, message: "The request conflicts with another one." },
  idempotency_in_progress: {
    status: 409,
    retryable: true,
    message: "The first request with this Idempotency-Key is still being worked on.",
  },
  payment_used: {
    status: 409,
    retryable: false,
    message: "This payment was used; sign a new one for anything else.",
  },
  session_busy: {
    status: 409,
    retryable: true,
    message: "Too many executions wait in this session; try again when one has ended.",
  },
  too_many_sessions: {
    status: 409,
    retryable: false,
    message: "This account has as many sessions as it may have; delete one first.",
  },
  not_running: {
    status: 409,
    retryable: false,
    message: "This execution does not run (any more).",
  },
  too_many_keys: {
    status: 409,
    retryable: false,
    message: "This account has as many keys as it may have; revoke one first.",
  },
  last_key: {
    status: 409,
    retryable: false,
    message: "This is the account's last key; add `?force=true` to give the account up.",
  },
  key_revoked: {
    status: 409,
    retryable: false,
    message: "This key was revoked or replaced; it cannot be replaced again.",
  },
  idempotency_mismatch: {
    status: 409,
    retryable: false,
    message: "This Idempotency-Key was used for another request; make a new key for a new request.",
  },
  deposit_claimed: {
    status: 409,
    retryable: false,
    message: "This deposit was credited to another account.",
  },
  session_deleted: { status: 410, retryable: false, message: "This session was deleted." },
  session_expired: {
    status: 410,
    retryable: false,
    message: "This session was not used for too long; open a new one.",
  },
  session_evicted: {
    status: 410,
    retryable: false,
    message: "This session had to make room for others; open a new one.",
  },
  session_lost: {
    status: 410,
    retryable: false,
    message: "This session was lost with the machine it was on; open a new one.",
  },
  payload_too_large: { status: 413, retryable: false, message: "The request is too large." },
  packages_too_large: {
    status: 413,
    retryable: false,
    message: "These packages are too large, or too many.",
  },
  unsupported_media_type: {
    status: 415,
    retryable: false,
    message: "Send JSON with Content-Type: application/json.",
  },
  packages_refused: {
    status: 422,
    retryable: false,
    message: "These packages cannot be installed.",
  },
  deposit_refused: {
    status: 422,
    retryable: false,
    message: "This transaction is no deposit to this account.",
  },
  rate_limited: { status: 429, retryable: true, message: "Too many requests; slow down." },
  internal: { status: 500, retryable: true, message: "Something went wrong on our side." },
  runner_fault: {
    status: 502,
    retryable: true,
    message: "The sandbox failed; the execution was not charged.",
  },
  packages_unreachable: {
    status: 502,
    retryable: true,
    message: "The packages could not be fetched right now.",
  },
  workspace_full: { status: 507, retryable: false, message: "The session's workspace is full." },
  payment_pending: {
    status: 503,
    retryable: true,
    message:
      "It is not known yet what became of this payment; send the same request with the same payment again, and do not pay anew.",
  },
  busy: { status: 503, retryable: true, message: "Every sandbox is in use; try again shortly." },
  chain_unreachable: {
    status: 503,
    retryable: true,
    message: "The chain cannot be read right now; nothing is lost, ask again.",
  },
  no_runner: { status: 503, retryable: true, message: "No runner can be reached right now." },
} as const satisfies Record<string, { status: number; retryable: boolean; message: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** Every code, in the order of the table. */
export const ERROR_CODES = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];

/** How a session can end; each has a code of its own, `session_` and this. */
export const SESSION_ENDINGS = ["deleted", "expired", "evicted", "lost"] as const;
export type SessionEnding = (typeof SESSION_ENDINGS)[number];

/** What a failure may add to its code. `detail` is for the log and never leaves the process. */
export type FailureOptions = {
  /** A sentence for the caller, in place of the table's. */
  message?: string | undefined;
  /** The request field at fault, as the caller wrote it: `timeout`, `files[2].name`. */
  field?: string | undefined;
  retryAfterMs?: number | undefined;
  /** How long a program ran although there is no report of it; that is paid for. */
  ranMs?: number | undefined;
  detail?: string | undefined;
};

/** The wire form of a failure, the same on every route of ours. */
export type ErrorBody = {
  error: {
    code: ErrorCode;
    message: string;
    requestId: string;
    field?: string;
    retryAfterMs?: number;
    ranMs?: number;
  };
};

/** A refusal or an inability of ours, with a code from the table. Everything else thrown is a bug. */
export class Failure extends Error {
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly ranMs: number | undefined;
  readonly detail: string | undefined;

  constructor(code: ErrorCode, options: FailureOptions = {}) {
    super(options.message ?? ERRORS[code].message);
    this.name = "Failure";
    this.code = code;
    this.field = options.field;
    this.retryAfterMs = options.retryAfterMs;
    this.ranMs = options.ranMs;
    this.detail = options.detail;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  /** The reply body for this failure. `requestId` lets the caller and the log be matched. */
  body(requestId: string): ErrorBody {
    return {
      error: {
        code: this.code,
        message: this.message,
        requestId,
        ...(this.field === undefined ? {} : { field: this.field }),
        ...(this.retryAfterMs === undefined ? {} : { retryAfterMs: this.retryAfterMs }),
        ...(this.ranMs === undefined ? {} : { ranMs: this.ranMs }),
      },
    };
  }
}

/** Any thrown value as a failure: itself when it is one, else `internal` with the text kept inside. */
export function asFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  const detail = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  return new Failure("internal", { detail });
}
