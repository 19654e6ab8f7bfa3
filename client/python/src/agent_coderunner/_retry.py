"""When a request is sent again, and how long before.

Only what may be repeated is: what is the same done twice, what carries an Idempotency-Key, and
what the service says it has not begun. `Retry-After` is honoured; without it waits grow and are
random, so that many clients do not come back at once.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Optional

from ._errors import ApiError, CodeRunnerError, StreamCutError, TransportError

#: Answers that say that nothing was begun.
_NOT_BEGUN = (429, 503)


@dataclass(frozen=True)
class Retry:
    """How often a request is sent again, and how patiently. `Retry(attempts=0)` sends each once."""

    attempts: int = 3
    first_s: float = 0.25
    longest_s: float = 8.0
    """The longest wait that is chosen here."""
    patience_s: float = 65.0
    """The longest that a `Retry-After` is followed; more is an error at once."""

    def wait_s(self, error: CodeRunnerError, attempt: int, *, repeatable: bool) -> Optional[float]:
        """How long to wait after the attempt of this number, from 0; None to give up."""
        if attempt >= self.attempts or not _may_repeat(error, repeatable):
            return None
        grown_s = min(self.longest_s, self.first_s * float(2**attempt))
        asked_ms = error.retry_after_ms if isinstance(error, ApiError) else None
        if asked_ms is None:
            return random.uniform(0.5, 1) * grown_s
        if asked_ms / 1000 > self.patience_s:
            return None
        return asked_ms / 1000 + random.uniform(0, 0.25) * grown_s


def _may_repeat(error: CodeRunnerError, repeatable: bool) -> bool:
    if isinstance(error, StreamCutError):
        return False
    if isinstance(error, TransportError):
        return repeatable or not error.sent
    if not isinstance(error, ApiError) or not error.retryable:
        return False
    return repeatable or error.status in _NOT_BEGUN
