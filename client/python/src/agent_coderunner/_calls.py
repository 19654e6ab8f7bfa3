"""What is asked of the service, as values: nothing here sends anything.

A `Call` says all there is to a request and how its reply is read, so that the sync and the async
client send the same.
"""

from __future__ import annotations

import base64
import json
import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Callable, Generic, Optional, TypeVar
from urllib.parse import quote

from ._parse import read_v1_execution, reader
from ._tables import RUN_TIMEOUT_MS_MAX
from ._types import Execution, Files, Options, Started

T = TypeVar("T")

DEFAULT_URL = "http://127.0.0.1:8787"
_OPTIONS = frozenset(Options.__annotations__)


@dataclass(frozen=True)
class Call(Generic[T]):
    """A request, and what reads its reply."""

    method: str
    path: str
    read: Callable[[Any], T]
    body: Optional[Mapping[str, Any]] = None
    query: Mapping[str, str] = field(default_factory=dict)
    content: Optional[bytes] = None
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Whether it is the same done twice.
    repeatable: bool = True
    #: Whether what it removes may be gone when it is sent again.
    removes: bool = False

    def body_bytes(self) -> Optional[bytes]:
        """What is sent."""
        return self.content if self.body is None else json.dumps(self.body).encode()


def nothing(_data: Any) -> None:
    """Reads a reply that says nothing."""


def said(**fields: Any) -> dict[str, Any]:
    """The fields that were given, with None as good as none."""
    return {name: value for name, value in fields.items() if value is not None}


def queried(**fields: Any) -> dict[str, str]:
    """The same for a query."""
    return {name: str(value) for name, value in said(**fields).items()}


def segment(text: str) -> str:
    """A part of a path that came from somebody else."""
    return quote(text, safe="")


def base_url(given: Optional[str]) -> str:
    """Where the service is: as given, as CODERUNNER_URL says, or on this machine."""
    return (given or os.environ.get("CODERUNNER_URL") or DEFAULT_URL).rstrip("/")


def api_key(given: Optional[str]) -> Optional[str]:
    """The key: as given, or as CODERUNNER_API_KEY says."""
    return given or os.environ.get("CODERUNNER_API_KEY") or None


def keyed(call: Call[T], key: Optional[str]) -> Call[T]:
    """The call with an Idempotency-Key, which it keeps however often it is sent."""
    headers = {**call.headers, "Idempotency-Key": key or str(uuid.uuid4())}
    return _with(call, headers=headers, repeatable=True)


def run_call(
    code: Optional[str],
    language: Optional[str],
    session_id: Optional[str],
    options: Options,
    *,
    has_key: bool,
    stream: bool = True,
    open_stdin: bool = False,
) -> Call[Execution]:
    """A program to be run and followed."""
    body, path, is_long = _program(code, language, session_id, options)
    body.update(said(stream=stream or None))
    if open_stdin:
        body["open_stdin" if is_long else "openStdin"] = True
    read = read_v1_execution if is_long else reader(Execution)
    return _run(Call("POST", path, read, body=body), options, has_key)


def start_call(
    code: Optional[str],
    language: Optional[str],
    session_id: Optional[str],
    options: Options,
    *,
    webhook: Optional[str],
    open_stdin: bool,
) -> Call[Started]:
    """A program that is to go on by itself."""
    body, path, is_long = _program(code, language, session_id, options)
    body.update(said(detach=True, webhook=webhook))
    if open_stdin:
        body["open_stdin" if is_long else "openStdin"] = True
    read = _read_v1_started if is_long else reader(Started)
    return _run(Call("POST", path, read, body=body), options, True)


def _read_v1_started(data: Any) -> Started:
    return reader(Started)({**data, "sessionId": data.get("session_id")})


def _run(call: Call[T], options: Options, has_key: bool) -> Call[T]:
    # Without an account there is nobody to remember what was asked before.
    if has_key:
        return keyed(call, options.get("idempotency_key"))
    return _with(call, repeatable=False)


def _program(
    code: Optional[str], language: Optional[str], session_id: Optional[str], options: Options
) -> tuple[dict[str, Any], str, bool]:
    unknown = sorted(set(options) - _OPTIONS)
    if unknown:
        raise TypeError(f"unexpected keyword argument {unknown[0]!r}")
    files, timeout_ms = options.get("files"), options.get("timeout_ms")
    body = said(
        code=code,
        language=language,
        files=None if files is None else _files(files),
        **{name: options.get(name) for name in ("stdin", "args", "version", "optimize")},
    )
    compile_ms, output = options.get("compile_timeout_ms"), options.get("output_files")
    if timeout_ms is not None and timeout_ms > RUN_TIMEOUT_MS_MAX:
        long = said(run_timeout=timeout_ms, compile_timeout=compile_ms, output_files=output)
        return {**body, **long, **said(session_id=session_id)}, "/v1/execute", True
    own = said(timeout=timeout_ms, compileTimeout=compile_ms, outputFiles=output)
    where = "" if session_id is None else f"/sessions/{segment(session_id)}"
    return {**body, **own}, f"/api{where}/execute", False


def _files(files: Files) -> list[dict[str, str]]:
    if not isinstance(files, Mapping):
        return [dict(file) for file in files]
    return [_file(name, content) for name, content in files.items()]


def _file(name: str, content: str | bytes) -> dict[str, str]:
    if isinstance(content, str):
        return {"name": name, "content": content}
    text = base64.b64encode(content).decode()
    return {"name": name, "content": text, "encoding": "base64"}


def _with(call: Call[T], **changes: Any) -> Call[T]:
    return Call(**{**call.__dict__, **changes})
