"""The async client against a real service: the same, and what only tasks can do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from agent_coderunner import (
    AsyncCodeRunner,
    CodeRunner,
    ExecutionSummary,
    NewKey,
    NotFoundError,
    OutputEvent,
)

SLEEPER = "import time\nprint('on', flush=True)\ntime.sleep(60)"

Test = Callable[[AsyncCodeRunner], Awaitable[None]]
Go = Callable[[Test], None]


@pytest.fixture
def go(url: str, account: NewKey) -> Go:
    """Runs an async test with a client."""

    async def with_client(test: Test) -> None:
        async with AsyncCodeRunner(base_url=url, api_key=account.api_key) as runner:
            await test(runner)

    return lambda test: asyncio.run(with_client(test))


def test_many_at_once(go: Go) -> None:
    async def test(runner: AsyncCodeRunner) -> None:
        results = await asyncio.gather(
            *(runner.execute(f"print({n})", language="python") for n in range(8))
        )
        assert [result.stdout for result in results] == [f"{n}\n" for n in range(8)]

    go(test)


def test_sessions_files_and_streams(go: Go) -> None:
    async def test(runner: AsyncCodeRunner) -> None:
        async with await runner.sessions.open("javascript") as session:
            await session.execute("let x = 42")
            assert (await session.execute("x * 2")).result == "84"
            await session.files.write("a.txt", b"async")
            async with session.files.read_pieces("a.txt") as pieces:
                assert b"".join([piece async for piece in pieces]) == b"async"
            async with session.stream("console.log(x)") as stream:
                texts = [event.text async for event in stream if isinstance(event, OutputEvent)]
            assert texts == ["42\n"]
        with pytest.raises(NotFoundError):
            await runner.sessions.get("sess-nothing")

    go(test)


async def ended(history: AsyncIterator[ExecutionSummary]) -> list[str | None]:
    return [one.outcome async for one in history]


def test_cancelling_a_task_ends_its_program(go: Go) -> None:
    async def test(runner: AsyncCodeRunner) -> None:
        async with await runner.sessions.open("python") as session:
            task = asyncio.create_task(session.execute(SLEEPER))
            await asyncio.sleep(2)
            began = time.monotonic()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            # The session is free at once, and still has what it had.
            assert (await session.execute("print('still here')")).stdout == "still here\n"
            assert time.monotonic() - began < 5
            [first] = [
                one
                async for one in runner.executions.iterate(session_id=session.id)
                if one.outcome != "ok"
            ]
        past = await runner.executions.wait(first.id, timeout_s=10)
        assert (past.outcome, past.stdout) == ("signal", "on\n")

    go(test)


def test_a_timeout_of_asyncios_ends_a_stream(go: Go) -> None:
    async def test(runner: AsyncCodeRunner) -> None:
        stream = runner.stream(SLEEPER, language="python")

        async def follow() -> None:
            async with stream:
                await stream.wait()

        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(follow(), 1)
        assert stream.id is not None
        past = await runner.executions.wait(stream.id, timeout_s=10)
        assert (past.outcome, past.stdout) == ("signal", "on\n")

    go(test)


def test_a_cancelled_task_leaves_what_was_detached(go: Go) -> None:
    async def test(runner: AsyncCodeRunner) -> None:
        code = "import time\ntime.sleep(1)\nprint('done')"
        begun = await runner.detach(code, language="python")
        waiting = asyncio.create_task(runner.executions.wait(begun.id))
        await asyncio.sleep(0.2)
        waiting.cancel()
        assert (await runner.executions.wait(begun.id, timeout_s=20)).stdout == "done\n"

    go(test)


def test_hanging_up_without_a_word_ends_the_program_too(go: Go, runner: CodeRunner) -> None:
    async def test(client: AsyncCodeRunner) -> None:
        stream = client.stream(SLEEPER, language="python")
        await stream.__aenter__()
        assert stream._response is not None
        await stream._response.aclose()
        assert stream.id is not None
        past = await client.executions.wait(stream.id, timeout_s=20)
        assert past.outcome == "signal"

    go(test)
