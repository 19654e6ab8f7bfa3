"""What can go wrong, as exceptions.

An `ApiError` is an answer of the service, with a `code` from its one table; its class is the family
of the HTTP status. A `TransportError` is the absence of an answer. A program that fails is neither:
its `Execution` says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional, cast

from ._tables import ERRORS, ErrorCode


class CodeRunnerError(Exception):
    """Everything this package raises about the service."""


class ApiError(CodeRunnerError):
    """The service refused, or was not able to do, what was asked."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        self.status = status
        self.code = cast(ErrorCode, str(body.get("code", "")))
        self.message = str(body.get("message", ""))
        self.request_id: Optional[str] = body.get("requestId")
        self.field: Optional[str] = body.get("field")
        self.retry_after_ms: Optional[float] = body.get("retryAfterMs")
        self.ran_ms: Optional[float] = body.get("ranMs")
        self.body = dict(body)
        """All that the service said, also what this version of the package does not know."""
        super().__init__(f"{self.code}: {self.message}")

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later."""
        known = ERRORS.get(self.code)
        return known.retryable if known is not None else self.status in (429, 502, 503, 504)


class InvalidRequestError(ApiError):
    """400, 405, 413, 415, 422: it cannot be done as it is; `field` may say what is at fault."""


class AuthenticationError(ApiError):
    """401: there is no key, or it is not valid."""


class PaymentRequiredError(ApiError):
    """402: no credits are left."""


class PermissionDeniedError(ApiError):
    """403: this is not done here."""


class NotFoundError(ApiError):
    """404: there is no such thing."""


class ConflictError(ApiError):
    """409: not now, or not beside something else."""


class SessionGoneError(ApiError):
    """410: the session is over; its code says why."""


class RateLimitedError(ApiError):
    """429: too many requests; `retry_after_ms` says how long to wait."""


class ServiceError(ApiError):
    """5xx: something is wrong on the other side. Executions that fail so are not charged."""


class ProtocolError(CodeRunnerError):
    """The answer is none that the service gives: something else listens at this address."""


class TransportError(CodeRunnerError):
    """No answer came. `sent` says whether the request may have arrived."""

    def __init__(self, message: str, *, sent: bool = True) -> None:
        self.sent = sent
        super().__init__(message)


class TransportTimeout(TransportError):
    """Nothing was heard for longer than the client waits."""


class StreamCutError(TransportError):
    """The connection was lost while a program ran, and the program has been interrupted for it.

    `executions.get(execution_id)` tells what came of it.
    """

    def __init__(self, execution_id: Optional[str]) -> None:
        self.execution_id = execution_id
        super().__init__(f"The connection was lost while {execution_id or 'a program'} ran.")


_FAMILIES: dict[int, type[ApiError]] = {
    401: AuthenticationError,
    402: PaymentRequiredError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    410: SessionGoneError,
    429: RateLimitedError,
}


def api_error(status: int, body: Mapping[str, Any]) -> ApiError:
    """The error of the family an HTTP status belongs to."""
    family = ServiceError if status >= 500 else _FAMILIES.get(status, InvalidRequestError)
    return family(status, body)


def streamed_error(body: Mapping[str, Any]) -> ApiError:
    """The same of an error in a stream, whose status is that of its code."""
    known = ERRORS.get(str(body.get("code", "")))
    return api_error(known.status if known is not None else 500, body)


def answered_error(status: int, body: Any, retry_after_s: Optional[float]) -> CodeRunnerError:
    """The error of an answer that is not 2xx, whoever gave it."""
    told = body.get("error") if isinstance(body, Mapping) else None
    if isinstance(told, Mapping) and "code" in told:
        waits = {} if retry_after_s is None else {"retryAfterMs": retry_after_s * 1000}
        return api_error(status, {**waits, **told})
    if status in (429, 502, 503, 504):
        # A proxy in between has no words of ours.
        message = f"The service, or something before it, answered with status {status}."
        waits = {} if retry_after_s is None else {"retryAfterMs": retry_after_s * 1000}
        return api_error(status, {"code": "no_runner", "message": message, **waits})
    return ProtocolError(f"The answer, with status {status}, is none of the service's.")
