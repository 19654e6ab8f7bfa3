# Made from _async/client.py by `npm run docs`; change that one.
"""The client: where everything begins."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

import httpx

from .._calls import Call, api_key, base_url
from .._parse import list_reader
from .._retry import Retry
from .._types import Detached, Execution, Options, Runtime
from .account import Account, Keys
from .executions import Executions
from .programs import Programs
from .sessions import Sessions
from .stream import ExecutionStream
from .transport import Transport

if TYPE_CHECKING:
    from typing_extensions import Unpack

#: A program that runs is heard of every few seconds, so silence means that something is wrong.
_SILENCE_S = 60.0
_CONNECT_S = 10.0


class CodeRunner:
    """A client of the service, to be used as a context manager or closed at the end.

    Without a key a few executions a day can be tried. `http_client` and `transport` are httpx's and
    take the place of those made here; one that answers `402 Payment Required` by paying goes there.
    """

    def __init__(
        self,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        retry: Retry | None = None,
        silence_s: float = _SILENCE_S,
        http_client: httpx.Client | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        timeout = httpx.Timeout(silence_s, connect=min(_CONNECT_S, silence_s))
        http = http_client or httpx.Client(timeout=timeout, transport=transport)
        self._transport = Transport(
            http,
            url=_url(base_url),
            key=_key(api_key),
            retry=retry or Retry(),
            owned=http_client is None,
        )
        self._programs = Programs(self._transport)
        self._account = Account(self._transport)
        self.credits = self._account.credits
        self.ledger = self._account.ledger
        self.iterate_ledger = self._account.iterate_ledger
        self.webhook_secret = self._account.webhook_secret
        self.keys = Keys(self._transport)
        self.sessions = Sessions(self._transport)
        self.executions = Executions(self._transport)

    def __enter__(self) -> CodeRunner:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes its connections."""
        self._transport.close()

    def execute(
        self,
        code: str | None = None,
        *,
        language: str,
        session_id: str | None = None,
        **options: Unpack[Options],
    ) -> Execution:
        """Runs a program and waits for its end; in a session, if one is named.

        Whoever stops waiting (a cancelled task, Ctrl-C) interrupts the program.
        """
        return self._programs.execute(code, language, session_id, options)

    def stream(
        self,
        code: str | None = None,
        *,
        language: str,
        session_id: str | None = None,
        open_stdin: bool = False,
        **options: Unpack[Options],
    ) -> ExecutionStream:
        """Runs a program and tells what it does: `with client.stream(...) as events`."""
        return self._programs.stream(code, language, session_id, options, open_stdin=open_stdin)

    def detach(
        self,
        code: str | None = None,
        *,
        language: str,
        session_id: str | None = None,
        open_stdin: bool = False,
        webhook: str | None = None,
        **options: Unpack[Options],
    ) -> Detached:
        """Has a program begun that goes on by itself; see `executions` for what comes of it."""
        return self._programs.detach(
            code, language, session_id, options, open_stdin=open_stdin, webhook=webhook
        )

    def runtimes(self) -> list[Runtime]:
        """The languages that can be run."""
        return self._transport.send(Call("GET", "/v1/execute/runtimes", list_reader(Runtime)))


_url, _key = base_url, api_key
