"""The ways to run a program, wherever it is run."""

from __future__ import annotations

from .._calls import detach_call, run_call
from .._types import Detached, Execution, Options
from .stream import AsyncExecutionStream
from .transport import AsyncTransport


class AsyncPrograms:
    """Runs programs."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def execute(
        self, code: str | None, language: str, session_id: str | None, options: Options
    ) -> Execution:
        """Runs one and waits for its end. It is streamed, so that who stops waiting can end it."""
        has_key = self._transport.has_key
        call = run_call(code, language, session_id, options, has_key=has_key)

        async def once() -> Execution:
            async with AsyncExecutionStream(self._transport.once(), call) as stream:
                return await stream.wait()

        return await self._transport.repeat(call, once)

    def stream(
        self,
        code: str | None,
        language: str,
        session_id: str | None,
        options: Options,
        *,
        open_stdin: bool,
    ) -> AsyncExecutionStream:
        """Runs one and tells what it does."""
        has_key = self._transport.has_key
        call = run_call(code, language, session_id, options, has_key=has_key, open_stdin=open_stdin)
        return AsyncExecutionStream(self._transport, call)

    async def detach(
        self,
        code: str | None,
        language: str,
        session_id: str | None,
        options: Options,
        *,
        open_stdin: bool,
        webhook: str | None,
    ) -> Detached:
        """Has one begun, and waits for nothing."""
        call = detach_call(
            code, language, session_id, options, webhook=webhook, open_stdin=open_stdin
        )
        return await self._transport.send(call)
