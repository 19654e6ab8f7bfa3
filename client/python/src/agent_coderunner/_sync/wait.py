"""Waiting, in threads: the only part that differs between the async and the sync client."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext

sleep = time.sleep


def shielded(_seconds: float) -> AbstractContextManager[object]:
    """A thread is not cancelled; what is inside has a time limit of its own."""
    return nullcontext()
