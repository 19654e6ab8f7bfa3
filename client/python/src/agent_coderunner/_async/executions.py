"""The executions of an account: those that run, and those of the past."""

from __future__ import annotations

import base64
import time
from collections.abc import AsyncIterator

from .._calls import Call, nothing, queried, said, segment
from .._parse import execution_reader, page_reader, reader
from .._types import Deliveries, ExecutionSummary, Page, PastExecution
from .transport import AsyncTransport
from .wait import sleep

_FIRST_POLL_S = 0.1
_LAST_POLL_S = 2.0


class AsyncExecutions:
    """What has been run, and what runs."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def get(self, execution_id: str) -> PastExecution:
        """One execution, with all that is kept of it."""
        path = f"/v1/executions/{segment(execution_id)}"
        return await self._transport.send(Call("GET", path, execution_reader(PastExecution)))

    async def list(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        session_id: str | None = None,
        language: str | None = None,
        outcome: str | None = None,
    ) -> Page[ExecutionSummary]:
        """A page of the history, newest first."""
        query = queried(
            limit=limit, cursor=cursor, session_id=session_id, language=language, outcome=outcome
        )
        read = page_reader(ExecutionSummary, "executions")
        return await self._transport.send(Call("GET", "/v1/executions", read, query=query))

    async def iterate(
        self,
        *,
        session_id: str | None = None,
        language: str | None = None,
        outcome: str | None = None,
    ) -> AsyncIterator[ExecutionSummary]:
        """All of the history, newest first, page after page as it is needed."""
        cursor: str | None = None
        while True:
            page = await self.list(
                limit=100,
                cursor=cursor,
                session_id=session_id,
                language=language,
                outcome=outcome,
            )
            for item in page.items:
                yield item
            cursor = page.cursor
            if cursor is None:
                return

    async def wait(self, execution_id: str, *, timeout_s: float | None = None) -> PastExecution:
        """Asks after an execution until it has ended; TimeoutError when that takes longer."""
        deadline_s = None if timeout_s is None else time.monotonic() + timeout_s
        pause_s = _FIRST_POLL_S
        while True:
            past = await self.get(execution_id)
            if past.state != "running":
                return past
            if deadline_s is not None and time.monotonic() + pause_s > deadline_s:
                raise TimeoutError(f"{execution_id} still runs; interrupt it or wait on.")
            await sleep(pause_s)
            pause_s = min(_LAST_POLL_S, pause_s * 1.5)

    async def interrupt(self, execution_id: str) -> None:
        """Interrupts what runs, as Ctrl-C would."""
        await self._transport.send(interrupt_call(execution_id))

    async def send_input(
        self, execution_id: str, data: str | bytes = "", *, end: bool = False
    ) -> None:
        """Sends a program that was begun with `open_stdin` more of its input."""
        await self._transport.send(input_call(execution_id, data, end))

    async def delete(self, execution_id: str) -> None:
        """Interrupts what runs; forgets what is over."""
        path = f"/v1/executions/{segment(execution_id)}"
        # Where the first try has interrupted it, a second would forget it.
        await self._transport.send(Call("DELETE", path, nothing, repeatable=False))

    async def clear(self) -> int:
        """Forgets everything that is over, and says how much that was."""

        def read(data: dict[str, int]) -> int:
            return int(data.get("removed", 0))

        return await self._transport.send(Call("DELETE", "/v1/executions", read))

    async def deliveries(self, execution_id: str) -> Deliveries:
        """How the webhook of an execution was told."""
        path = f"/v1/executions/{segment(execution_id)}/deliveries"
        return await self._transport.send(Call("GET", path, reader(Deliveries)))


def interrupt_call(execution_id: str) -> Call[None]:
    """What interrupts an execution."""
    return Call("POST", f"/api/executions/{segment(execution_id)}/interrupt", nothing, body={})


def input_call(execution_id: str, data: str | bytes, end: bool) -> Call[None]:
    """What sends an execution input. Sent twice it would be read twice."""
    is_text = isinstance(data, str)
    text = data if isinstance(data, str) else base64.b64encode(data).decode()
    body = said(data=text, encoding=None if is_text else "base64", end=end or None)
    path = f"/api/executions/{segment(execution_id)}/stdin"
    return Call("POST", path, nothing, body=body, repeatable=False)
