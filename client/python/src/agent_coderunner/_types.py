"""What the service answers, as dataclasses.

Names are those of the API in snake_case; what has a unit says so. Whatever a newer service adds is
ignored, and what an older one leaves out is None or empty. The types are also looked up when a
reply is read, so they are written in a way that Python 3.9 understands.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Optional, TypedDict, TypeVar, Union

T = TypeVar("T")

#: The files of a program by their names, or as the API has them: `{"name", "content", "encoding"}`.
Files = Union[Mapping[str, Union[str, bytes]], Sequence[Mapping[str, str]]]


def _as(wire: str, default: Any = None) -> Any:
    """A field that is called otherwise on the wire."""
    return field(default=default, metadata={"wire": wire})


class Options(TypedDict, total=False):
    """What may be said of a program, however it is run."""

    files: Files
    """Files beside `code`; or, without it, the whole program, its main file first."""
    stdin: Optional[str]
    args: Optional[Sequence[str]]
    timeout_ms: Optional[int]
    """How long it may run; five minutes, which is the longest, when not given."""
    compile_timeout_ms: Optional[int]
    version: Optional[str]
    """A version or a range of versions, such as `^3.12`; refused if what is there is not in it."""
    optimize: Optional[bool]
    output_files: Optional[Sequence[str]]
    """Patterns of files to bring back, such as `out/*.png`."""
    idempotency_key: Optional[str]
    """Made up by the client when not given; one of your own outlives your process."""


@dataclass(frozen=True)
class Stage:
    """What came of one command: a program or its compiler."""

    exit_code: Optional[int] = _as("code")
    stdout: str = ""
    stderr: str = ""
    duration_ms: int = _as("time_ms", 0)
    outcome: str = ""
    signal: Optional[str] = None
    memory_kb: int = 0
    stdout_bytes: int = 0
    stderr_bytes: int = 0
    stdout_truncated: bool = False
    stderr_truncated: bool = False
    stdout_is_utf8: bool = True
    stderr_is_utf8: bool = True


@dataclass(frozen=True)
class Compile(Stage):
    """What the compiler did; `cached` where the same sources had been compiled before."""

    cached: bool = False


@dataclass(frozen=True)
class ShownValue:
    """A value or a picture a program showed, by media type; pictures are in base64."""

    kind: str = ""
    data: dict[str, str] = field(default_factory=dict)

    def image(self, media_type: str = "image/png") -> Optional[bytes]:
        """The bytes of a picture, if it is one of that type."""
        text = self.data.get(media_type)
        return None if text is None else base64.b64decode(text)


@dataclass(frozen=True)
class ReturnedFile:
    """A file that was asked back; without content where it was too large to come along."""

    name: str = ""
    size_bytes: int = _as("bytes", 0)
    sha256: str = ""
    content: Optional[str] = None
    encoding: Optional[str] = None

    def read(self) -> Optional[bytes]:
        """Its content as bytes."""
        return None if self.content is None else base64.b64decode(self.content)


@dataclass(frozen=True)
class Charge:
    """What an execution cost, and what the account has left."""

    charged: int = 0
    remaining: Optional[int] = None


@dataclass(frozen=True)
class Demo:
    """What is left of today's executions without a key."""

    remaining: int = 0


@dataclass(frozen=True)
class Execution(Stage):
    """What came of a program: what `run` says or, where there is none, what its compiler says."""

    id: str = ""
    language: str = ""
    version: str = ""
    session_id: Optional[str] = None
    state_fresh: Optional[bool] = None
    state_kept: Optional[bool] = None
    timed_out: bool = False
    result: Optional[str] = None
    results: list[ShownValue] = field(default_factory=list)
    results_truncated: bool = False
    files: list[ReturnedFile] = field(default_factory=list)
    files_truncated: bool = False
    compile: Optional[Compile] = None
    run: Optional[Stage] = None
    """The same once more, without the rest; None where it could not be compiled."""
    run_timeout_ms: Optional[int] = _as("run_timeout")
    credits: Optional[Charge] = None
    demo: Optional[Demo] = None

    @property
    def ok(self) -> bool:
        """Whether it ended by itself with exit code 0."""
        return self.outcome == "ok"


@dataclass(frozen=True)
class Detached:
    """An execution that goes on by itself."""

    id: str = ""
    language: str = ""
    state: str = "running"
    session_id: Optional[str] = None


@dataclass(frozen=True)
class FailureNote:
    """Why there is no report of an execution."""

    code: str = ""
    message: str = ""


@dataclass(frozen=True)
class PastExecution(Execution):
    """An execution of the history: `running`, `done` or `failed`."""

    state: str = ""
    created_at: Optional[datetime] = None
    ended_at: Optional[datetime] = None
    outputs_dropped: bool = False
    error: Optional[FailureNote] = None


@dataclass(frozen=True)
class ExecutionSummary:
    """An execution as the list of the history tells it, without outputs."""

    id: str = ""
    language: str = ""
    state: str = ""
    session_id: Optional[str] = None
    version: Optional[str] = None
    outcome: Optional[str] = None
    exit_code: Optional[int] = _as("code")
    signal: Optional[str] = None
    duration_ms: Optional[int] = _as("time_ms")
    memory_kb: Optional[int] = None
    created_at: Optional[datetime] = None
    ended_at: Optional[datetime] = None
    outputs_dropped: bool = False
    credits: Optional[Charge] = None
    error: Optional[FailureNote] = None


@dataclass(frozen=True)
class Page(Generic[T]):
    """A page of a list; `cursor` says where the next begins, None that there is none."""

    items: list[T]
    cursor: Optional[str] = None


@dataclass(frozen=True)
class Attempt:
    """One try at telling a webhook."""

    number: int = 0
    at: Optional[datetime] = None
    status: Optional[int] = None
    error: Optional[str] = None
    duration_ms: int = _as("time_ms", 0)


@dataclass(frozen=True)
class Deliveries:
    """How the webhook of an execution was told."""

    webhook: Optional[str] = None
    state: Optional[str] = None
    next_attempt_at: Optional[datetime] = None
    attempts: list[Attempt] = field(default_factory=list)


@dataclass(frozen=True)
class Runtime:
    """A language that can be run, and in which version."""

    language: str = ""
    name: str = ""
    version: str = ""
    aliases: list[str] = field(default_factory=list)
    compiled: bool = False
    main_file: str = ""


@dataclass(frozen=True)
class Package:
    """A package that was installed in a session."""

    manager: str = ""
    name: str = ""
    version: str = ""
    scripts_skipped: bool = False


@dataclass(frozen=True)
class SessionInfo:
    """A session as the service tells it."""

    session_id: str = ""
    language: str = ""
    language_id: str = ""
    version: Optional[str] = None
    state: str = ""
    created_at: Optional[datetime] = None
    last_used_at: Optional[datetime] = None
    expires_at: Optional[datetime] = None
    executions: int = 0
    kept: bool = True
    packages: list[Package] = field(default_factory=list)


@dataclass(frozen=True)
class WrittenFile:
    """What was made of an upload."""

    name: str = ""
    size_bytes: int = _as("bytes", 0)
    sha256: str = ""


@dataclass(frozen=True)
class Entry:
    """What a directory of a session holds."""

    name: str = ""
    type: str = ""
    size_bytes: int = _as("bytes", 0)
    modified_at: Optional[datetime] = None


@dataclass(frozen=True)
class Listing:
    """A directory of a session; `truncated` where there is more than is told."""

    entries: list[Entry] = field(default_factory=list)
    truncated: bool = False


@dataclass(frozen=True)
class Key:
    """A key as it is listed."""

    id: str = ""
    name: Optional[str] = None
    prefix: str = ""
    last: str = ""
    current: bool = False
    created_at: Optional[datetime] = None
    last_used_at: Optional[datetime] = None
    expires_at: Optional[datetime] = None
    revoked_at: Optional[datetime] = None


@dataclass(frozen=True)
class NewKey:
    """A key that was just made. Its text is not told again, and not printed with it."""

    api_key: str = field(default="", repr=False)
    id: str = ""
    name: Optional[str] = None
    account_id: str = ""
    plan: Optional[str] = None
    credits: Optional[int] = None
    rate_per_minute: Optional[int] = None
    replaced: Optional[Key] = None


@dataclass(frozen=True)
class Credits:
    """What an account has and may do. `_micro_usdc` is exact."""

    credits: int = 0
    held: float = 0
    free_credits: int = 0
    plan: str = ""
    rate_per_minute: int = 0
    balance_micro_usdc: int = 0
    held_micro_usdc: int = 0
    owing_micro_usdc: int = 0


@dataclass(frozen=True)
class LedgerEntry:
    """One entry of an account's ledger."""

    number: int = 0
    kind: str = ""
    credits: float = 0
    balance: float = 0
    amount_micro_usdc: int = 0
    balance_micro_usdc: int = 0
    execution_id: Optional[str] = None
    transaction: Optional[str] = None
    created_at: Optional[datetime] = None


@dataclass(frozen=True)
class StartEvent:
    """A program is about to run, under this id."""

    id: str = ""
    language: str = ""
    version: str = ""
    session_id: Optional[str] = None


@dataclass(frozen=True)
class OutputEvent:
    """A program, or its compiler, wrote something."""

    stream: str = "stdout"
    stage: str = "run"
    text: str = ""


@dataclass(frozen=True)
class ResultEvent:
    """A program showed a value or a picture."""

    value: ShownValue


@dataclass(frozen=True)
class EndEvent:
    """A program has ended; this is the last event."""

    execution: Execution


Event = Union[StartEvent, OutputEvent, ResultEvent, EndEvent]
