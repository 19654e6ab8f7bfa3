// Made from the service's tables by `npm run docs`. Not to be written by hand.

/** The service's error codes. */
export type ErrorCode =
  | "invalid_request"
  | "unknown_language"
  | "unknown_version"
  | "unauthorized"
  | "invalid_key"
  | "no_credits"
  | "payment_required"
  | "payment_refused"
  | "packages_disabled"
  | "payments_disabled"
  | "origin_refused"
  | "not_found"
  | "unknown_session"
  | "unknown_file"
  | "unknown_execution"
  | "unknown_key"
  | "unknown_deposit"
  | "method_not_allowed"
  | "conflict"
  | "idempotency_in_progress"
  | "payment_used"
  | "session_busy"
  | "too_many_sessions"
  | "not_running"
  | "too_many_keys"
  | "last_key"
  | "key_revoked"
  | "idempotency_mismatch"
  | "deposit_claimed"
  | "session_deleted"
  | "session_expired"
  | "session_evicted"
  | "session_lost"
  | "payload_too_large"
  | "packages_too_large"
  | "unsupported_media_type"
  | "packages_refused"
  | "deposit_refused"
  | "rate_limited"
  | "internal"
  | "runner_fault"
  | "packages_unreachable"
  | "workspace_full"
  | "payment_pending"
  | "busy"
  | "chain_unreachable"
  | "no_runner";

/** Those with which the same request may succeed later. */
export const RETRYABLE: ReadonlySet<string> = new Set([
  "unknown_deposit",
  "idempotency_in_progress",
  "session_busy",
  "rate_limited",
  "internal",
  "runner_fault",
  "packages_unreachable",
  "payment_pending",
  "busy",
  "chain_unreachable",
  "no_runner",
] satisfies ErrorCode[]);

/** What becomes of a program. */
export type Outcome =
  | "ok"
  | "error"
  | "signal"
  | "timeout"
  | "memory"
  | "output_limit"
  | "file_limit";

/** The same, and what becomes of one that could not be compiled. */
export type FinalOutcome = Outcome | "compile_error";

/** The ids of the languages. Each has other names, which are taken as well. */
export type Language =
  | "python"
  | "javascript"
  | "typescript"
  | "bash"
  | "c"
  | "cpp"
  | "go"
  | "ruby"
  | "java"
  | "csharp"
  | "rust"
  | "perl"
  | "php"
  | "lua"
  | "r";

/** The same as a list. */
export const KNOWN_LANGUAGES: readonly Language[] = [
  "python",
  "javascript",
  "typescript",
  "bash",
  "c",
  "cpp",
  "go",
  "ruby",
  "java",
  "csharp",
  "rust",
  "perl",
  "php",
  "lua",
  "r",
];
