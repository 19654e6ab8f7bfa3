"""The client: where everything begins."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

import httpx

from .._calls import Call, api_key, base_url
from .._parse import list_reader
from .._retry import Retry
from .._types import Detached, Execution, Options, Runtime
from .account import AsyncAccount, AsyncKeys
from .executions import AsyncExecutions
from .programs import AsyncPrograms
from .sessions import AsyncSessions
from .stream import AsyncExecutionStream
from .transport import AsyncTransport

if TYPE_CHECKING:
    from typing_extensions import Unpack

#: A program that runs is heard of every few seconds, so silence means that something is wrong.
_SILENCE_S = 60.0
_CONNECT_S = 10.0


class AsyncCodeRunner:
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
        http_client: httpx.AsyncClient | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        timeout = httpx.Timeout(silence_s, connect=min(_CONNECT_S, silence_s))
        http = http_client or httpx.AsyncClient(timeout=timeout, transport=transport)
        self._transport = AsyncTransport(
            http,
            url=_url(base_url),
            key=_key(api_key),
            retry=retry or Retry(),
            owned=http_client is None,
        )
        self._programs = AsyncPrograms(self._transport)
        self._account = AsyncAccount(self._transport)
        self.credits = self._account.credits
        self.ledger = self._account.ledger
        self.iterate_ledger = self._account.iterate_ledger
        self.webhook_secret = self._account.webhook_secret
        self.keys = AsyncKeys(self._transport)
        self.sessions = AsyncSessions(self._transport)
        self.executions = AsyncExecutions(self._transport)

    async def __aenter__(self) -> AsyncCodeRunner:
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes its connections."""
        await self._transport.close()

    async def execute(
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
        return await self._programs.execute(code, language, session_id, options)

    def stream(
        self,
        code: str | None = None,
        *,
        language: str,
        session_id: str | None = None,
        open_stdin: bool = False,
        **options: Unpack[Options],
    ) -> AsyncExecutionStream:
        """Runs a program and tells what it does: `async with client.stream(...) as events`."""
        return self._programs.stream(code, language, session_id, options, open_stdin=open_stdin)

    async def detach(
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
        return await self._programs.detach(
            code, language, session_id, options, open_stdin=open_stdin, webhook=webhook
        )

    async def runtimes(self) -> list[Runtime]:
        """The languages that can be run."""
        return await self._transport.send(Call("GET", "/v1/execute/runtimes", list_reader(Runtime)))


_url, _key = base_url, api_key
