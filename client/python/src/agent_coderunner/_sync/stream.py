# Made from _async/stream.py by `npm run docs`; change that one.
"""An execution that is followed while it runs.

Whoever stops listening before the end, be it by leaving the `with`, by an exception or because the
task is cancelled, ends the program: it is interrupted by a request of its own, and by hanging up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from types import TracebackType

import httpx

from .._calls import Call
from .._errors import CodeRunnerError, ProtocolError, StreamCutError, TransportError, streamed_error
from .._parse import read
from .._sse import EventDecoder, ServerEvent
from .._types import EndEvent, Event, Execution, OutputEvent, ResultEvent, ShownValue, StartEvent
from .executions import input_call, interrupt_call
from .transport import Transport
from .wait import shielded

#: How long somebody who leaves waits at most until the program has been told.
_INTERRUPT_S = 5.0


class ExecutionStream:
    """Gives the events of one execution, from `StartEvent` to `EndEvent`."""

    def __init__(self, transport: Transport, call: Call[Execution]) -> None:
        self._transport = transport
        self._call = call
        self._response: httpx.Response | None = None
        self._pieces: Iterator[bytes] | None = None
        self._decoder = EventDecoder()
        self._pending: deque[ServerEvent] = deque()
        self._is_over = False
        self.id: str | None = None
        """The execution's id, as soon as it has begun."""
        self.session_id: str | None = None
        self.result: Execution | None = None
        """What came of it, as soon as it has ended."""

    def __enter__(self) -> ExecutionStream:
        self._transport.repeat(self._call, self._open)
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def __iter__(self) -> ExecutionStream:
        return self

    def __next__(self) -> Event:
        while True:
            told = self._event(self._next())
            if told is not None:
                return told

    def wait(self) -> Execution:
        """Reads on to the end and returns what came of it."""
        for _event in self:
            pass
        if self.result is None:
            raise StreamCutError(self.id)
        return self.result

    def interrupt(self) -> None:
        """Interrupts the program as Ctrl-C would; its end is told by the stream."""
        self._transport.send(interrupt_call(self._running_id()))

    def send_input(self, data: str | bytes = "", *, end: bool = False) -> None:
        """Sends the program more of its input, if it was begun with `open_stdin`."""
        self._transport.send(input_call(self._running_id(), data, end))

    def close(self) -> None:
        """Stops listening. A program that still runs is interrupted."""
        response, self._response = self._response, None
        if response is None:
            return
        with shielded(_INTERRUPT_S):
            try:
                if self._is_running() and self._transport.has_key:
                    self._transport.send_for(interrupt_call(self._running_id()), _INTERRUPT_S)
                if self._is_over:
                    self._drain()
            except (CodeRunnerError, httpx.TransportError):
                pass  # hanging up says the same, a little later
            finally:
                response.close()

    def _drain(self) -> None:
        """Reads what is left, which is the end, so that the connection can be used again."""
        if self._pieces is not None:
            for _piece in self._pieces:
                pass

    def _open(self) -> None:
        """Opens the stream and reads its first event, so that a refusal can still be repeated."""
        self._response = self._transport.open(self._call)
        self._pieces = self._response.iter_bytes()
        self._decoder = EventDecoder()
        self._is_over = False
        try:
            first = self._next()
            self._note(first)
            self._pending.appendleft(first)
        except BaseException:
            self.close()
            raise

    def _next(self) -> ServerEvent:
        """The next event. A stream that ends without a last one was cut."""
        while not self._pending:
            if self._pieces is None or self._is_over:
                raise StopIteration
            try:
                self._pending.extend(self._decoder.feed(self._pieces.__next__()))
            except StopIteration:
                raise self._cut() from None
            except httpx.TransportError as error:
                raise self._cut() from error
        event = self._pending.popleft()
        self._is_over = event.name in ("end", "error")
        if event.name == "error":
            raise streamed_error(event.data.get("error", {}))
        return event

    def _cut(self) -> TransportError:
        self._pieces = None
        if self.id is None:
            return TransportError("The connection was lost before the program began.")
        return StreamCutError(self.id)

    def _note(self, event: ServerEvent) -> None:
        if event.name == "start":
            start = read(StartEvent, event.data)
            self.id, self.session_id = start.id, start.session_id

    def _event(self, event: ServerEvent) -> Event | None:
        self._note(event)
        if event.name == "start":
            return read(StartEvent, event.data)
        if event.name in ("stdout", "stderr"):
            data = event.data
            return OutputEvent(event.name, data.get("stage", "run"), data.get("text", ""))
        if event.name == "result":
            return ResultEvent(read(ShownValue, event.data))
        if event.name == "end":
            self.result = self._call.read(event.data)
            return EndEvent(self.result)
        return None

    def _is_running(self) -> bool:
        return self.id is not None and self._pieces is not None and not self._is_over

    def _running_id(self) -> str:
        if self.id is None:
            raise ProtocolError("The program has not begun yet; read its first event.")
        return self.id
