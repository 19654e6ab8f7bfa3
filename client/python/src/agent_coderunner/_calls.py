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
from dataclasses import dataclass, field, replace
from typing import Any, Callable, Generic, Optional, TypeVar
from urllib.parse import quote

from ._errors import InvalidRequestError
from ._parse import execution_reader, reader
from ._types import Detached, Execution, Files, Options

T = TypeVar("T")

DEFAULT_URL = "http://127.0.0.1:8787"
_OPTIONS = frozenset(Options.__annotations__)
_SENT_AS_THEY_ARE = ("stdin", "args", "version", "optimize", "output_files")


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
    """A part of a path that came from somebody else; never one that would make it another path."""
    if text in ("", ".", ".."):
        message = f"{text!r} is not an id or a name."
        raise InvalidRequestError(400, {"code": "invalid_request", "message": message})
    return quote(text, safe="")


def file_path(path: str) -> str:
    """A path of somebody else's below ours; with a slash at its end it is a directory's."""
    directory = path.endswith("/")
    parts = (path[:-1] if directory else path).split("/")
    return "/".join(map(segment, parts)) + ("/" if directory else "")


def base_url(given: Optional[str]) -> str:
    """Where the service is: as given, as CODERUNNER_URL says, or on this machine."""
    return (given or os.environ.get("CODERUNNER_URL") or DEFAULT_URL).rstrip("/")


def api_key(given: Optional[str]) -> Optional[str]:
    """The key: as given, or as CODERUNNER_API_KEY says; an empty one is none."""
    return (os.environ.get("CODERUNNER_API_KEY") if given is None else given) or None


def keyed(call: Call[T], key: Optional[str]) -> Call[T]:
    """The call with an Idempotency-Key, which it keeps however often it is sent."""
    headers = {**call.headers, "Idempotency-Key": key or str(uuid.uuid4())}
    return replace(call, headers=headers, repeatable=True)


def run_call(
    code: Optional[str],
    language: str,
    session_id: Optional[str],
    options: Options,
    *,
    has_key: bool,
    open_stdin: bool = False,
) -> Call[Execution]:
    """A program to be run and followed."""
    body = _program(code, language, session_id, options)
    body.update(said(stream=True, open_stdin=open_stdin or None))
    call = Call("POST", "/v1/execute", execution_reader(Execution), body=body)
    # Without an account there is nobody to remember what was asked before.
    return keyed(call, options.get("idempotency_key")) if has_key else _once(call)


def detach_call(
    code: Optional[str],
    language: str,
    session_id: Optional[str],
    options: Options,
    *,
    webhook: Optional[str],
    open_stdin: bool,
) -> Call[Detached]:
    """A program that is to go on by itself."""
    body = _program(code, language, session_id, options)
    body.update(said(detach=True, webhook=webhook, open_stdin=open_stdin or None))
    call = Call("POST", "/v1/execute", reader(Detached), body=body)
    return keyed(call, options.get("idempotency_key"))


def _program(
    code: Optional[str], language: str, session_id: Optional[str], options: Options
) -> dict[str, Any]:
    unknown = sorted(set(options) - _OPTIONS)
    if unknown:
        raise TypeError(f"unexpected keyword argument {unknown[0]!r}")
    files = options.get("files")
    return said(
        code=code,
        language=language,
        session_id=session_id,
        files=None if files is None else _files(files),
        run_timeout=options.get("timeout_ms"),
        compile_timeout=options.get("compile_timeout_ms"),
        **{name: options.get(name) for name in _SENT_AS_THEY_ARE},
    )


def _files(files: Files) -> list[dict[str, str]]:
    if not isinstance(files, Mapping):
        return [dict(file) for file in files]
    return [_file(name, content) for name, content in files.items()]


def _file(name: str, content: str | bytes) -> dict[str, str]:
    if isinstance(content, str):
        return {"name": name, "content": content}
    text = base64.b64encode(content).decode()
    return {"name": name, "content": text, "encoding": "base64"}


def _once(call: Call[T]) -> Call[T]:
    return replace(call, repeatable=False)
