"""A service made of a script: what it answers, one after the other, and what it was sent."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any, Union

import httpx

from agent_coderunner import AsyncCodeRunner, CodeRunner, Retry

Step = Union[httpx.Response, Exception]
QUICK = Retry(first_s=0.001, longest_s=0.002)
START: dict[str, Any] = {
    "id": "exec-1",
    "session_id": None,
    "language": "python",
    "version": "3.13.5",
}
RUN: dict[str, Any] = {
    "stdout": "1\n",
    "stderr": "",
    "code": 0,
    "signal": None,
    "time_ms": 3,
    "outcome": "ok",
}
DONE: dict[str, Any] = {
    **START,
    "run": RUN,
    "result": None,
    "results": [],
    "of_the_future": {"x": 1},
}


class Script(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Answers the requests with its steps in turn; one that is an exception is raised."""

    def __init__(self, *steps: Step) -> None:
        self.steps = list(steps)
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._answer(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self._answer(request)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        step = self.steps.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    @property
    def keys(self) -> list[str | None]:
        """The Idempotency-Keys that came."""
        return [request.headers.get("Idempotency-Key") for request in self.requests]

    @property
    def paths(self) -> list[str]:
        return [f"{request.method} {request.url.path}" for request in self.requests]


def client(script: Script, *, api_key: str | None = "key", retry: Retry = QUICK) -> CodeRunner:
    return CodeRunner(api_key=api_key, base_url="http://fake", retry=retry, transport=script)


def async_client(script: Script) -> AsyncCodeRunner:
    return AsyncCodeRunner(api_key="key", base_url="http://fake", retry=QUICK, transport=script)


def answer(body: Any, status: int = 200, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=body, headers=headers)


def refusal(
    code: str, status: int, headers: dict[str, str] | None = None, **more: Any
) -> httpx.Response:
    error = {"code": code, "message": "No.", "requestId": "req-1", **more}
    return httpx.Response(status, json={"error": error}, headers=headers or {})


def events(*told: tuple[str, Any], piece: int = 7, cut: bool = False) -> httpx.Response:
    """A stream, in pieces of a few bytes; one that is cut ends in a broken connection."""
    text = "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n: beat\n\n" for name, data in told)
    return httpx.Response(200, stream=Pieces(text.encode(), piece, cut))


class Pieces(httpx.SyncByteStream, httpx.AsyncByteStream):
    def __init__(self, data: bytes, piece: int, cut: bool) -> None:
        self._data, self._piece, self._cut = data, piece, cut
        self.was_read_to_its_end = False

    def __iter__(self) -> Iterator[bytes]:
        for at in range(0, len(self._data), self._piece):
            yield self._data[at : at + self._piece]
        if self._cut:
            raise httpx.ReadError("reset by peer")
        self.was_read_to_its_end = True

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece
