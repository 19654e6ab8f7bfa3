# Made from _async/sessions.py by `npm run docs`; change that one.
"""Sessions: places where state and files stay between executions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from .._calls import Call, keyed, nothing, queried, said, segment
from .._parse import field_reader, page_reader, reader
from .._types import Detached, Execution, Options, Package, Page, SessionInfo
from .files import Files
from .programs import Programs
from .stream import ExecutionStream
from .transport import Transport

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Session:
    """One session. As a context manager it is deleted at the end."""

    def __init__(self, transport: Transport, info: SessionInfo) -> None:
        self._transport = transport
        self._programs = Programs(transport)
        self.id = info.session_id
        self._path = _path(self.id)
        self.info = info
        """What was told of it last."""
        self.files = Files(transport, self._path)

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.delete()

    def execute(self, code: str | None = None, **options: Unpack[Options]) -> Execution:
        """Runs a program in it, with the state and the files that earlier ones have left."""
        return self._programs.execute(code, self.info.language_id, self.id, options)

    def stream(
        self,
        code: str | None = None,
        *,
        open_stdin: bool = False,
        **options: Unpack[Options],
    ) -> ExecutionStream:
        """The same, followed while it runs."""
        return self._programs.stream(
            code, self.info.language_id, self.id, options, open_stdin=open_stdin
        )

    def detach(
        self,
        code: str | None = None,
        *,
        open_stdin: bool = False,
        webhook: str | None = None,
        **options: Unpack[Options],
    ) -> Detached:
        """The same, left to go on by itself."""
        return self._programs.detach(
            code, self.info.language_id, self.id, options, open_stdin=open_stdin, webhook=webhook
        )

    def refresh(self) -> SessionInfo:
        """Asks how it is."""
        self.info = self._transport.send(Call("GET", self._path, reader(SessionInfo)))
        return self.info

    def interrupt(self) -> None:
        """Interrupts what runs in it, as Ctrl-C would; variables stay."""
        self._transport.send(Call("POST", f"{self._path}/interrupt", nothing, body={}))

    def reset(self) -> None:
        """Has it forget its variables and keep its files."""
        call = Call("POST", f"{self._path}/reset", nothing, body={}, repeatable=False)
        self._transport.send(call)

    def install(
        self, *, pip: Sequence[str] | None = None, npm: Sequence[str] | None = None
    ) -> list[Package]:
        """Installs packages in it, and returns all it has."""
        body = said(pip=pip, npm=npm)
        read = field_reader(Package, "packages")
        return self._transport.send(Call("POST", f"{self._path}/packages", read, body=body))

    def delete(self) -> None:
        """Ends it, and what runs in it. One that is gone already is no error."""
        self._transport.send(Call("DELETE", self._path, nothing, removes=True))


class Sessions:
    """The sessions of an account."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def open(
        self,
        language: str,
        *,
        version: str | None = None,
        packages: Mapping[str, Sequence[str]] | None = None,
        idempotency_key: str | None = None,
    ) -> Session:
        """Opens a session: `with client.sessions.open("python") as session`."""
        body: dict[str, Any] = said(language=language, version=version, packages=packages)
        call = Call("POST", "/api/sessions", reader(SessionInfo), body=body)
        info = self._transport.send(keyed(call, idempotency_key))
        return Session(self._transport, info)

    def get(self, session_id: str) -> Session:
        """A session that is there, as it is now."""
        call = Call("GET", _path(session_id), reader(SessionInfo))
        return Session(self._transport, self._transport.send(call))

    def list(
        self, *, limit: int | None = None, cursor: str | None = None, state: str | None = None
    ) -> Page[SessionInfo]:
        """A page of sessions, newest first; `state="all"` for those that are over, too."""
        query = queried(limit=limit, cursor=cursor, state=state)
        read = page_reader(SessionInfo, "sessions")
        return self._transport.send(Call("GET", "/api/sessions", read, query=query))

    def iterate(self, *, state: str | None = None) -> Iterator[SessionInfo]:
        """All sessions, newest first."""
        cursor: str | None = None
        while True:
            page = self.list(limit=100, cursor=cursor, state=state)
            for item in page.items:
                yield item
            cursor = page.cursor
            if cursor is None:
                return


def _path(session_id: str) -> str:
    return f"/api/sessions/{segment(session_id)}"
