"""How requests are written and replies are read."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import httpx
import pytest

from agent_coderunner import (
    ERRORS,
    LANGUAGES,
    InvalidRequestError,
    NewKey,
    OutputEvent,
    ResultEvent,
    ShownValue,
)
from agent_coderunner._parse import execution_reader, read
from agent_coderunner._sse import EventDecoder
from agent_coderunner._types import Execution, PastExecution, SessionInfo

from .fake import DONE, RUN, START, Script, client, events

END = (("start", START), ("end", DONE))


def test_a_program_is_sent_in_the_services_words() -> None:
    script = Script(events(*END))
    with client(script) as runner:
        runner.execute(
            language="c",
            files={"main.c": "int main;", "data.bin": b"\0\1"},
            args=["a"],
            timeout_ms=40_000,
            compile_timeout_ms=5000,
            output_files=["*.png"],
            session_id="sess-1",
            stdin="",
            optimize=False,
        )
    assert json.loads(script.requests[0].content) == {
        "language": "c",
        "files": [
            {"name": "main.c", "content": "int main;"},
            {"name": "data.bin", "content": "AAE=", "encoding": "base64"},
        ],
        "args": ["a"],
        "run_timeout": 40_000,
        "compile_timeout": 5000,
        "output_files": ["*.png"],
        "session_id": "sess-1",
        "stdin": "",
        "optimize": False,
        "stream": True,
    }


def test_a_wrong_option_is_a_type_error_and_nothing_is_sent() -> None:
    script = Script()
    with client(script) as runner, pytest.raises(TypeError, match="timeout"):
        runner.execute("1", language="python", timeout=5)  # type: ignore[call-arg]


def test_ids_stay_in_their_part_of_the_path() -> None:
    script = Script(httpx.Response(200, json={}))
    with client(script) as runner:
        runner.executions.get("../keys?x=1")
    assert script.requests[0].url.raw_path == b"/v1/executions/..%2Fkeys%3Fx%3D1"


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_what_would_be_another_path_is_no_id(name: str) -> None:
    script = Script()
    with client(script) as runner:
        for call in (runner.executions.delete, runner.sessions.get, runner.keys.revoke):
            with pytest.raises(InvalidRequestError, match="is not an id or a name"):
                call(name)
    assert script.requests == []


def test_paths_of_files_stay_in_their_session() -> None:
    script = Script(httpx.Response(200, json={"sessionId": "sess-1"}), httpx.Response(204))
    with client(script) as runner:
        files = runner.sessions.get("sess-1").files
        for path in ("..", "../../sess-2", "../../../keys/key-1", "a/../b", "a//b", ".", "", "/"):
            with pytest.raises(InvalidRequestError, match="is not an id or a name"):
                files.delete(path)
        with pytest.raises(InvalidRequestError, match="is not an id or a name"):
            files.list("../..")
        files.delete("a b/c?/")
    assert script.requests[1].url.raw_path == b"/api/sessions/sess-1/files/a%20b/c%3F/"


def test_unknown_fields_are_ignored_and_missing_ones_are_none() -> None:
    result = execution_reader(Execution)(DONE)
    assert (result.stdout, result.exit_code, result.duration_ms) == ("1\n", 0, 3)
    assert result.run is not None and result.run.stdout == "1\n"
    assert (result.credits, result.compile, result.ok) == (None, None, True)


def test_a_program_that_could_not_be_compiled_says_what_its_compiler_said() -> None:
    failed = {**RUN, "code": 1, "stderr": "main.c:1: error", "outcome": "error", "cached": False}
    result = execution_reader(Execution)({**START, "compile": failed})
    assert (result.outcome, result.exit_code, result.run) == ("compile_error", 1, None)
    assert result.stderr == "main.c:1: error"
    assert result.compile is not None and result.compile.cached is False


def test_times_are_in_utc_and_failures_have_their_reason() -> None:
    past = execution_reader(PastExecution)(
        {
            **START,
            "state": "failed",
            "created_at": "2026-11-22T10:00:00.250Z",
            "ended_at": None,
            "error": {"code": "runner_fault", "message": "The sandbox failed."},
        }
    )
    assert past.created_at == datetime(2026, 11, 22, 10, 0, 0, 250_000, tzinfo=timezone.utc)
    assert past.error is not None and past.error.code == "runner_fault"
    assert past.ended_at is None


def test_both_ways_to_write_a_name_are_read() -> None:
    assert read(SessionInfo, {"sessionId": "sess-1"}).session_id == "sess-1"
    assert read(SessionInfo, {"session_id": "sess-1"}).session_id == "sess-1"


def test_an_empty_key_is_none_whatever_the_environment_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CODERUNNER_API_KEY", "of-the-environment")
    script = Script(httpx.Response(200, json=[]))
    with client(script, api_key="") as runner:
        runner.runtimes()
    assert "Authorization" not in script.requests[0].headers


def test_a_key_is_not_printed() -> None:
    key = read(NewKey, {"apiKey": "cr_live_secret", "id": "key-1"})
    assert key.api_key == "cr_live_secret"
    assert "secret" not in repr(key)


@pytest.mark.parametrize("piece", [1, 2, 3, 1000])
def test_events_are_the_same_however_they_are_cut(piece: int) -> None:
    text = 'event: stdout\ndata: {"text": "ä\\n\\n"}\n\n: beat\n\nevent: end\ndata: {}\n\n'.encode()
    decoder = EventDecoder()
    found = [
        event for at in range(0, len(text), piece) for event in decoder.feed(text[at : at + piece])
    ]
    assert found == [("stdout", {"text": "ä\n\n"}), ("end", {})]


def test_events_have_types_and_unknown_ones_are_passed_over() -> None:
    picture = {"kind": "display", "data": {"image/png": "iVBORw=="}}
    told: tuple[tuple[str, Any], ...] = (
        ("start", START),
        ("of_the_future", {}),
        ("stderr", {"stage": "compile", "text": "!"}),
        ("result", picture),
        ("end", DONE),
    )
    with client(Script(events(*told))) as runner, runner.stream("1", language="python") as stream:
        _start, err, shown, _end = list(stream)
    assert err == OutputEvent("stderr", "compile", "!")
    assert shown == ResultEvent(ShownValue("display", {"image/png": "iVBORw=="}))
    assert isinstance(shown, ResultEvent) and shown.value.image() == b"\x89PNG"
    assert stream.result is not None and stream.result.id == "exec-1"


def test_the_tables_are_there() -> None:
    assert ERRORS["busy"].retryable and ERRORS["busy"].status == 503
    assert "python" in LANGUAGES
