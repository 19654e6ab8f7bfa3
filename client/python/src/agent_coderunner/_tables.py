"""The service's own tables. Made by `npm run docs`; they are changed where they come from."""

from __future__ import annotations

from typing import Literal, NamedTuple

VERSION = "0.1.0"


class ErrorRow(NamedTuple):
    """What is known of an error's code."""

    status: int
    retryable: bool
    message: str


ErrorCode = Literal[
    "invalid_request",
    "unknown_language",
    "unknown_version",
    "unauthorized",
    "invalid_key",
    "no_credits",
    "payment_required",
    "payment_refused",
    "packages_disabled",
    "payments_disabled",
    "origin_refused",
    "not_found",
    "unknown_session",
    "unknown_file",
    "unknown_execution",
    "unknown_key",
    "unknown_deposit",
    "method_not_allowed",
    "conflict",
    "idempotency_in_progress",
    "payment_used",
    "session_busy",
    "too_many_sessions",
    "not_running",
    "too_many_keys",
    "last_key",
    "key_revoked",
    "idempotency_mismatch",
    "deposit_claimed",
    "session_deleted",
    "session_expired",
    "session_evicted",
    "session_lost",
    "payload_too_large",
    "packages_too_large",
    "unsupported_media_type",
    "packages_refused",
    "deposit_refused",
    "rate_limited",
    "internal",
    "runner_fault",
    "packages_unreachable",
    "workspace_full",
    "payment_pending",
    "busy",
    "chain_unreachable",
    "no_runner",
]

ERRORS: dict[str, ErrorRow] = {
    "invalid_request": ErrorRow(400, False, "The request is not valid."),
    "unknown_language": ErrorRow(400, False, "This language is not supported."),
    "unknown_version": ErrorRow(400, False, "There is no such version here."),
    "unauthorized": ErrorRow(401, False, "An API key is required."),
    "invalid_key": ErrorRow(401, False, "This API key is not valid."),
    "no_credits": ErrorRow(402, False, "No credits are left on this account."),
    "payment_required": ErrorRow(402, False, "This has to be paid for; pay as the reply says, or use a key with credits."),
    "payment_refused": ErrorRow(402, False, "This payment was not accepted and nothing was taken; sign a new one as the reply says."),
    "packages_disabled": ErrorRow(403, False, "No packages can be installed here; only what the image has can be used."),
    "payments_disabled": ErrorRow(403, False, "This gateway takes no payments; ask its operator for credits."),
    "origin_refused": ErrorRow(403, False, "Pages of this origin may not call this."),
    "not_found": ErrorRow(404, False, "There is nothing here."),
    "unknown_session": ErrorRow(404, False, "There is no such session."),
    "unknown_file": ErrorRow(404, False, "There is no such file."),
    "unknown_execution": ErrorRow(404, False, "There is no such execution."),
    "unknown_key": ErrorRow(404, False, "There is no such key."),
    "unknown_deposit": ErrorRow(404, True, "The chain knows no such transaction yet; check the hash, or ask again in a moment."),
    "method_not_allowed": ErrorRow(405, False, "This method is not allowed here."),
    "conflict": ErrorRow(409, False, "The request conflicts with another one."),
    "idempotency_in_progress": ErrorRow(409, True, "The first request with this Idempotency-Key is still being worked on."),
    "payment_used": ErrorRow(409, False, "This payment was used; sign a new one for anything else."),
    "session_busy": ErrorRow(409, True, "Too many executions wait in this session; try again when one has ended."),
    "too_many_sessions": ErrorRow(409, False, "This account has as many sessions as it may have; delete one first."),
    "not_running": ErrorRow(409, False, "This execution does not run (any more)."),
    "too_many_keys": ErrorRow(409, False, "This account has as many keys as it may have; revoke one first."),
    "last_key": ErrorRow(409, False, "This is the account's last key; add `?force=true` to give the account up."),
    "key_revoked": ErrorRow(409, False, "This key was revoked or replaced; it cannot be replaced again."),
    "idempotency_mismatch": ErrorRow(409, False, "This Idempotency-Key was used for another request; make a new key for a new request."),
    "deposit_claimed": ErrorRow(409, False, "This deposit was credited to another account."),
    "session_deleted": ErrorRow(410, False, "This session was deleted."),
    "session_expired": ErrorRow(410, False, "This session was not used for too long; open a new one."),
    "session_evicted": ErrorRow(410, False, "This session had to make room for others; open a new one."),
    "session_lost": ErrorRow(410, False, "This session was lost with the machine it was on; open a new one."),
    "payload_too_large": ErrorRow(413, False, "The request is too large."),
    "packages_too_large": ErrorRow(413, False, "These packages are too large, or too many."),
    "unsupported_media_type": ErrorRow(415, False, "Send JSON with Content-Type: application/json."),
    "packages_refused": ErrorRow(422, False, "These packages cannot be installed."),
    "deposit_refused": ErrorRow(422, False, "This transaction is no deposit to this account."),
    "rate_limited": ErrorRow(429, True, "Too many requests; slow down."),
    "internal": ErrorRow(500, True, "Something went wrong on our side."),
    "runner_fault": ErrorRow(502, True, "The sandbox failed; the execution was not charged."),
    "packages_unreachable": ErrorRow(502, True, "The packages could not be fetched right now."),
    "workspace_full": ErrorRow(507, False, "The session's workspace is full."),
    "payment_pending": ErrorRow(503, True, "It is not known yet what became of this payment; send the same request with the same payment again, and do not pay anew."),
    "busy": ErrorRow(503, True, "Every sandbox is in use; try again shortly."),
    "chain_unreachable": ErrorRow(503, True, "The chain cannot be read right now; nothing is lost, ask again."),
    "no_runner": ErrorRow(503, True, "No runner can be reached right now."),
}

LanguageId = Literal[
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
]

LANGUAGES: tuple[LanguageId, ...] = (
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
)

Outcome = Literal[
    "ok",
    "error",
    "signal",
    "timeout",
    "memory",
    "output_limit",
    "file_limit",
    "compile_error",
]

CODE_BYTES_MAX = 102400
STDIN_BYTES_MAX = 1048576
ARGS_MAX = 64
ARGS_BYTES_MAX = 32768
FILE_BYTES_MAX = 10485760
FILES_MAX = 64
FILES_BYTES_MAX = 11534336
FILE_NAME_BYTES_MAX = 255
OUTPUT_BYTES_MAX = 524288
MEMORY_BYTES_MAX = 268435456
PROCESSES_MAX = 64
RUN_TIMEOUT_MS_MAX = 30000
LONG_RUN_TIMEOUT_MS_MAX = 300000
COMPILE_TIMEOUT_MS_MAX = 60000
SESSION_IDLE_MS_MAX = 600000
SESSIONS_MAX = 20
KEY_GRACE_MS_MAX = 86400000
