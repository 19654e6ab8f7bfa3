# Made from _async/programs.py by `npm run docs`; change that one.
"""The ways to run a program, wherever it is run."""

from __future__ import annotations

from .._calls import detach_call, run_call
from .._types import Detached, Execution, Options
from .stream import ExecutionStream
from .transport import Transport


class Programs:
    """Runs programs."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def execute(
        self, code: str | None, language: str, session_id: str | None, options: Options
    ) -> Execution:
        """Runs one and waits for its end. It is streamed, so that who stops waiting can end it."""
        has_key = self._transport.has_key
        call = run_call(code, language, session_id, options, has_key=has_key)

        def once() -> Execution:
            with ExecutionStream(self._transport.once(), call) as stream:
                return stream.wait()

        return self._transport.repeat(call, once)

    def stream(
        self,
        code: str | None,
        language: str,
        session_id: str | None,
        options: Options,
        *,
        open_stdin: bool,
    ) -> ExecutionStream:
        """Runs one and tells what it does."""
        has_key = self._transport.has_key
        call = run_call(code, language, session_id, options, has_key=has_key, open_stdin=open_stdin)
        return ExecutionStream(self._transport, call)

    def detach(
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
        return self._transport.send(call)
