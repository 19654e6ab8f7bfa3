"""The sync client against a real service, with real sandboxes behind it."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agent_coderunner import (
    AuthenticationError,
    CodeRunner,
    InvalidRequestError,
    NewKey,
    NotFoundError,
    OutputEvent,
    ResultEvent,
    SessionGoneError,
    StartEvent,
    TransportError,
)


def test_a_program_runs_without_a_key(url: str) -> None:
    with CodeRunner(base_url=url) as stranger:
        result = stranger.execute("print(sum(range(1000)))", language="python")
    assert (result.stdout, result.ok, result.exit_code) == ("499500\n", True, 0)
    assert result.demo is not None and result.credits is None
    assert result.duration_ms >= 0 and result.memory_kb > 0


def test_a_program_of_several_files_is_compiled(runner: CodeRunner) -> None:
    files = {
        "main.c": '#include <stdio.h>\n#include "add.h"\nint main() { printf("%d", add(1, 2)); }',
        "add.h": "int add(int, int);",
        "add.c": "int add(int a, int b) { return a + b; }",
    }
    result = runner.execute(language="c", files=files)
    assert (result.stdout, result.outcome) == ("3", "ok")
    assert result.compile is not None and result.compile.exit_code == 0
    failed = runner.execute("int main() { return x; }", language="c")
    assert (failed.outcome, failed.run) == ("compile_error", None)
    assert "undeclared" in failed.stderr


def test_input_arguments_and_files_go_in_and_come_out(runner: CodeRunner) -> None:
    code = (
        "import sys\n"
        "data = open('in.bin', 'rb').read()\n"
        "open('out.bin', 'wb').write(data[::-1])\n"
        "print(input(), sys.argv[1:])"
    )
    result = runner.execute(
        language="python",
        files={"main.py": code, "in.bin": b"\0\xff\1"},
        stdin="hello",
        args=["a b"],
        output_files=["*.bin"],
    )
    assert result.stdout == "hello ['a b']\n"
    assert {file.name: file.read() for file in result.files}["out.bin"] == b"\1\xff\0"


def test_a_program_that_fails_is_no_exception(runner: CodeRunner) -> None:
    assert runner.execute("raise SystemExit(3)", language="python").exit_code == 3
    slow = runner.execute("while True: pass", language="python", timeout_ms=300)
    assert (slow.outcome, slow.timed_out) == ("timeout", True)


def test_errors_have_classes_and_codes(runner: CodeRunner, url: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        runner.execute("1", language="cobol")
    assert (caught.value.code, caught.value.field) == ("unknown_language", "language")
    with pytest.raises(NotFoundError) as missing:
        runner.sessions.get("sess-nothing")
    assert missing.value.code == "unknown_session"
    with CodeRunner(base_url=url, api_key="wrong") as wrong, pytest.raises(AuthenticationError):
        wrong.credits()
    with pytest.raises(TransportError) as dead, CodeRunner(base_url="http://127.0.0.1:1") as nobody:
        nobody.runtimes()
    assert dead.value.sent is False


def test_a_session_keeps_state_and_files(runner: CodeRunner, tmp_path: Path) -> None:
    with runner.sessions.open("python") as session:
        session.execute("x = 42")
        assert session.execute("x * 2").result == "84"
        session.reset()
        assert "NameError" in session.execute("x").stderr

        assert session.files.write("data/ä b.txt", "hällo").size_bytes == 6
        assert session.execute("print(open('data/ä b.txt').read())").stdout == "hällo\n"
        local = tmp_path / "local.bin"
        local.write_bytes(bytes(range(256)) * 1000)
        session.files.write("data/local.bin", local)
        session.files.write("data/open.bin", io.BytesIO(b"open"))
        assert session.files.read("data/local.bin") == local.read_bytes()
        with session.files.read_pieces("data/local.bin") as pieces:
            assert b"".join(pieces) == local.read_bytes()
        names = [entry.name for entry in session.files.list("data").entries]
        assert sorted(names) == ["local.bin", "open.bin", "ä b.txt"]
        session.files.delete("data/")
        assert session.files.list().entries == []
        with pytest.raises(NotFoundError):
            session.files.read("data/local.bin")

        assert session.id in [info.session_id for info in runner.sessions.iterate()]
        assert session.refresh().executions == 4
    with pytest.raises(SessionGoneError) as gone:
        session.execute("1")
    assert gone.value.code == "session_deleted"


def test_an_executions_session_can_be_used_again(runner: CodeRunner) -> None:
    first = runner.execute("open('data.txt', 'w').write('hello')", language="python")
    again = runner.execute(
        "print(open('data.txt').read())", language="python", session_id=first.session_id
    )
    assert again.stdout == "hello\n"


def test_output_comes_while_the_program_runs(runner: CodeRunner) -> None:
    code = "import time\nprint(1, flush=True)\ntime.sleep(1.5)\nprint(2)"
    with runner.stream(code, language="python") as stream:
        start = next(stream)
        first = next(stream)
        early = time.monotonic()
        result = stream.wait()
    assert isinstance(start, StartEvent) and start.id == stream.id
    assert first == OutputEvent("stdout", "run", "1\n")
    assert time.monotonic() - early > 1
    assert result.stdout == "1\n2\n" and stream.result is result


def test_pictures_are_shown(runner: CodeRunner) -> None:
    code = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
    with runner.sessions.open("python") as session, session.stream(code) as stream:
        shown = [event.value for event in stream if isinstance(event, ResultEvent)]
    pictures = [image for value in shown if (image := value.image())]
    assert pictures and pictures[0].startswith(b"\x89PNG")


def test_input_can_follow(runner: CodeRunner) -> None:
    code = "name = input()\nprint('hello', name)"
    with runner.stream(code, language="python", open_stdin=True) as stream:
        next(stream)
        stream.send_input("Ada\n", end=True)
        assert stream.wait().stdout == "hello Ada\n"


def test_leaving_a_stream_ends_the_program(runner: CodeRunner) -> None:
    code = "import time\nprint('on', flush=True)\ntime.sleep(60)"
    with runner.stream(code, language="python") as stream:
        for event in stream:
            if isinstance(event, OutputEvent):
                break
    assert stream.id is not None
    past = runner.executions.wait(stream.id, timeout_s=10)
    assert (past.state, past.outcome, past.stdout) == ("done", "signal", "on\n")


def test_what_goes_on_by_itself_can_be_asked_for_and_ended(runner: CodeRunner) -> None:
    done = runner.detach("print(6 * 7)", language="python")
    assert runner.executions.wait(done.id, timeout_s=20).stdout == "42\n"
    endless = runner.detach("import time\ntime.sleep(60)", language="python")
    with pytest.raises(TimeoutError):
        runner.executions.wait(endless.id, timeout_s=0.2)
    runner.executions.interrupt(endless.id)
    assert runner.executions.wait(endless.id, timeout_s=20).outcome == "signal"


def test_the_same_key_runs_once(runner: CodeRunner) -> None:
    code = "import random\nprint(random.random())"
    first = runner.execute(code, language="python", idempotency_key="once-and-never-again")
    again = runner.execute(code, language="python", idempotency_key="once-and-never-again")
    assert (first.id, first.stdout) == (again.id, again.stdout)


def test_keys_credits_and_history(url: str) -> None:
    with CodeRunner(base_url=url) as stranger:
        made = stranger.keys.create("first")
    with CodeRunner(base_url=url, api_key=made.api_key) as own:
        second = own.keys.create("second")
        assert own.keys.rename(second.id, "other").name == "other"
        third = own.keys.rotate(second.id, grace_ms=1000, idempotency_key="rotate-once-and-again")
        again = own.keys.rotate(second.id, grace_ms=1000, idempotency_key="rotate-once-and-again")
        assert again.api_key == third.api_key
        assert third.replaced is not None and third.replaced.id == second.id
        own.keys.revoke(third.id)
        assert [key.current for key in own.keys.list() if key.id == made.id] == [True]

        ran = own.execute("print(1)", language="python")
        assert own.credits().credits == (made.credits or 0) - 1
        kinds = {entry.kind for entry in own.iterate_ledger() if entry.execution_id == ran.id}
        assert kinds == {"reserve", "settle"}
        assert own.executions.get(ran.id).stdout == "1\n"
        listed = list(own.executions.iterate(language="python", session_id=ran.session_id))
        assert [(one.id, one.exit_code, one.outcome) for one in listed] == [(ran.id, 0, "ok")]
        own.executions.delete(ran.id)
        assert own.executions.clear() == 0
        assert own.webhook_secret().startswith("whsec_")


def test_the_languages_are_told(runner: CodeRunner) -> None:
    python = next(one for one in runner.runtimes() if one.language == "python")
    assert "py" in python.aliases and python.main_file == "main.py" and not python.compiled


def test_ctrl_c_ends_the_program(runner: CodeRunner, url: str, account: NewKey) -> None:
    program = (
        "from agent_coderunner import CodeRunner\n"
        "with CodeRunner() as runner:\n"
        "    with runner.stream('import time; print(1, flush=True); time.sleep(60)',\n"
        "                       language='python') as stream:\n"
        "        for event in stream:\n"
        "            print(stream.id, flush=True)\n"
    )
    env = {**os.environ, "CODERUNNER_URL": url, "CODERUNNER_API_KEY": account.api_key}
    child = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env
    )
    assert child.stdout is not None
    execution_id = child.stdout.readline().decode().strip()
    child.stdout.readline()
    child.send_signal(signal.SIGINT)
    _out, err = child.communicate(timeout=20)
    assert b"KeyboardInterrupt" in err
    assert runner.executions.wait(execution_id, timeout_s=10).outcome == "signal"
