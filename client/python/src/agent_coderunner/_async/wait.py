"""Waiting, in tasks: the only part that differs between the async and the sync client."""

from __future__ import annotations

from contextlib import AbstractContextManager

import anyio

sleep = anyio.sleep


def shielded(seconds: float) -> AbstractContextManager[object]:
    """Lets what is inside go on for some seconds, though the task has been cancelled."""
    return anyio.move_on_after(seconds, shield=True)
