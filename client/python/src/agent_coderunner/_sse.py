"""Server-sent events out of bytes, however those are cut."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from ._errors import ProtocolError


class ServerEvent(NamedTuple):
    """One event: its name and its data."""

    name: str
    data: dict[str, Any]


class EventDecoder:
    """Takes bytes as they come and gives whole events. Comments, such as beats, are passed over."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, chunk: bytes) -> Iterator[ServerEvent]:
        """The events that end in this piece."""
        # What was looked through before is not looked through again.
        begin, seek = 0, max(0, len(self._rest) - 1)
        self._rest += chunk
        while (end := self._rest.find(b"\n\n", seek)) >= 0:
            event = _event_in(bytes(self._rest[begin:end]))
            begin = seek = end + 2
            if event is not None:
                yield event
        del self._rest[:begin]


def _event_in(block: bytes) -> ServerEvent | None:
    fields = [line.partition(b": ")[::2] for line in block.split(b"\n")]
    name = b"".join(value for key, value in fields if key == b"event")
    data = b"\n".join(value for key, value in fields if key == b"data")
    if not name:
        return None
    try:
        return ServerEvent(name.decode(), json.loads(data))
    except ValueError as error:
        raise ProtocolError("The stream has an event that is no JSON.") from error
