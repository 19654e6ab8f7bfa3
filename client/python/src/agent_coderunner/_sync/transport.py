# Made from _async/transport.py by `npm run docs`; change that one.
"""Sends calls, and sends them again where that helps. Everything that speaks HTTP is in here."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterator, Callable
from contextlib import contextmanager
from typing import Any, TypeVar

import httpx
from httpx import USE_CLIENT_DEFAULT

from .._calls import Call
from .._errors import (
    ApiError,
    CodeRunnerError,
    ProtocolError,
    TransportError,
    TransportTimeout,
    answered_error,
)
from .._retry import Retry
from .._version import USER_AGENT
from .wait import sleep

T = TypeVar("T")

#: These fail before anything is sent.
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
#: These would fail each time.
_HOPELESS = (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.TooManyRedirects)


class Transport:
    """The way to the service for everything of one client."""

    def __init__(
        self, http: httpx.Client, *, url: str, key: str | None, retry: Retry, owned: bool
    ) -> None:
        self._http = http
        self._url = url
        self._key = key
        self._retry = retry
        self._owned = owned
        self._seconds: float | None = None

    @property
    def has_key(self) -> bool:
        """Whether calls are made in an account's name."""
        return self._key is not None

    def send(self, call: Call[T]) -> T:
        """Sends a call and reads its reply, again and again if need be."""
        return self.repeat(call, lambda: self._send_once(call))

    def send_for(self, call: Call[T], seconds: float) -> T:
        """Sends a call once, and waits so long for each part of its answer at most."""
        return self._hurried(seconds)._send_once(call)

    def once(self) -> Transport:
        """The same way, for somebody who sees to repetitions."""
        return self._with(retry=Retry(attempts=0), seconds=self._seconds)

    def _hurried(self, seconds: float) -> Transport:
        return self._with(retry=Retry(attempts=0), seconds=seconds)

    def _with(self, *, retry: Retry, seconds: float | None) -> Transport:
        own = Transport(self._http, url=self._url, key=self._key, retry=retry, owned=False)
        own._seconds = seconds
        return own

    def repeat(self, call: Call[Any], once: Callable[[], T]) -> T:
        """Does something until it works or there is no more sense in it."""
        attempt = 0
        while True:
            try:
                return once()
            except CodeRunnerError as error:
                if call.removes and attempt > 0 and _is_gone(error):
                    return call.read(None)  # type: ignore[no-any-return]
                wait_s = self._retry.wait_s(error, attempt, repeatable=call.repeatable)
                if wait_s is None:
                    raise
            sleep(wait_s)
            attempt += 1

    def open(self, call: Call[Any]) -> httpx.Response:
        """Sends a call and returns its reply before its body is read. Who opens it closes it."""
        with _translated():
            response = self._http.send(self._request(call), stream=True)
        if response.is_success:
            return response
        try:
            with _translated():
                response.read()
        finally:
            response.close()
        raise answered_error(response.status_code, _json_or_none(response), _retry_after(response))

    @contextmanager
    def reading(self, call: Call[Any]) -> Iterator[httpx.Response]:
        """A reply whose body is read piece by piece."""
        response = self.repeat(call, lambda: self.open(call))
        try:
            with _translated():
                yield response
        finally:
            response.close()

    def fetch(self, call: Call[bytes]) -> bytes:
        """The body of a reply, held against the digest that came with it."""
        return self.repeat(call, lambda: self._fetch_once(call))

    def close(self) -> None:
        """Closes what was opened here; an HTTP client of the caller's stays as it is."""
        if self._owned:
            self._http.close()

    def _send_once(self, call: Call[T]) -> T:
        response = self.open(call)
        try:
            with _translated():
                response.read()
        finally:
            response.close()
        if not response.content:
            return call.read(None)
        return call.read(_json(response))

    def _fetch_once(self, call: Call[bytes]) -> bytes:
        response = self.open(call)
        try:
            with _translated():
                content = response.read()
        finally:
            response.close()
        wanted = response.headers.get("Content-Digest")
        if wanted is not None and wanted != digest(content):
            raise TransportError("The file did not arrive as it was sent.")
        return content

    def _request(self, call: Call[Any]) -> httpx.Request:
        headers = {"User-Agent": USER_AGENT, **call.headers}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key}"
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        try:
            return self._http.build_request(
                call.method,
                self._url + call.path,
                params=call.query or None,
                content=call.body_bytes(),
                headers=headers,
                timeout=USE_CLIENT_DEFAULT if self._seconds is None else self._seconds,
            )
        except (httpx.InvalidURL, UnicodeEncodeError) as error:
            raise TransportError(f"The request cannot be sent: {error}", sent=False) from error


def digest(content: bytes) -> str:
    """The Content-Digest of a file."""
    return f"sha-256=:{b64encode(hashlib.sha256(content).digest()).decode()}:"


class _translated:
    """Has what httpx raises be said in our words."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, httpx.TransportError):
            raise _in_our_words(error) from error
        if isinstance(error, (httpx.DecodingError, httpx.TooManyRedirects)):
            raise ProtocolError(f"The answer is none of the service's: {error}") from error


def _in_our_words(error: httpx.TransportError) -> CodeRunnerError:
    why = str(error) or type(error).__name__
    if isinstance(error, _HOPELESS):
        return ProtocolError(f"The service cannot be at this address: {why}")
    sent = not isinstance(error, _UNSENT)
    if isinstance(error, httpx.TimeoutException):
        return TransportTimeout(f"The service was not heard of in time: {why}", sent=sent)
    return TransportError(f"The service cannot be reached: {why}", sent=sent)


def _is_gone(error: CodeRunnerError) -> bool:
    return isinstance(error, ApiError) and error.status in (404, 410)


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError as error:
        raise ProtocolError("The answer is no JSON; is this the service's address?") from error


def _json_or_none(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _retry_after(response: httpx.Response) -> float | None:
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else None
