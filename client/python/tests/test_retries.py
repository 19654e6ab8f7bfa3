"""When requests are sent again, and when not, against a service made of a script."""

from __future__ import annotations

import asyncio
import random
import time

import httpx
import pytest

from agent_coderunner import (
    ApiError,
    CodeRunner,
    ConflictError,
    NotFoundError,
    PaymentRequiredError,
    ProtocolError,
    RateLimitedError,
    Retry,
    ServiceError,
    SessionGoneError,
    StreamCutError,
    TransportError,
    TransportTimeout,
)

from .fake import DONE, START, Pieces, Script, answer, async_client, client, events, refusal

END = (("start", START), ("stdout", {"stage": "run", "text": "1\n"}), ("end", DONE))


def test_a_retry_keeps_its_idempotency_key() -> None:
    script = Script(
        refusal("busy", 503),
        httpx.ReadError("reset"),
        refusal("idempotency_in_progress", 409),
        events(*END),
    )
    with client(script) as runner:
        assert runner.execute("print(1)", language="python").stdout == "1\n"
    assert len(script.requests) == 4
    assert len(set(script.keys)) == 1
    assert script.keys[0] is not None


def test_two_executions_have_two_keys_and_a_key_of_ones_own_is_sent() -> None:
    script = Script(events(*END), events(*END), events(*END))
    with client(script) as runner:
        runner.execute("1", language="python")
        runner.execute("1", language="python")
        runner.execute("1", language="python", idempotency_key="mine")
    assert len(set(script.keys)) == 3
    assert script.keys[2] == "mine"


async def _async_retry(script: Script) -> str:
    async with async_client(script) as runner:
        return (await runner.execute("print(1)", language="python")).stdout


def test_the_async_client_retries_alike() -> None:
    script = Script(refusal("no_runner", 503), events(*END))
    assert asyncio.run(_async_retry(script)) == "1\n"
    assert len(set(script.keys)) == 1


def test_an_error_in_a_stream_is_retried_by_execute() -> None:
    error = {"error": {"code": "runner_fault", "message": "The sandbox failed."}}
    script = Script(events(("start", START), ("error", error)), events(*END))
    with client(script) as runner:
        assert runner.execute("1", language="python").ok
    assert len(set(script.keys)) == 1


def test_without_an_account_only_what_was_not_begun_is_sent_again() -> None:
    script = Script(httpx.ConnectError("refused"), refusal("busy", 503), events(*END))
    with client(script, api_key=None) as runner:
        assert runner.execute("1", language="python").ok
    assert script.keys == [None, None, None]
    script = Script(httpx.ReadError("reset"))
    with client(script, api_key=None) as runner, pytest.raises(TransportError):
        runner.execute("1", language="python")


def test_input_is_never_sent_twice() -> None:
    script = Script(httpx.ReadError("reset"))
    with client(script) as runner, pytest.raises(TransportError):
        runner.executions.send_input("exec-1", "yes\n")
    script = Script(refusal("internal", 500))
    with client(script) as runner, pytest.raises(ServiceError):
        runner.executions.send_input("exec-1", b"\0", end=True)
    assert script.requests[0].content == b'{"data": "AA==", "encoding": "base64", "end": true}'


def test_what_is_gone_when_its_removal_is_repeated_is_removed() -> None:
    session = answer({"sessionId": "sess-1"})
    script = Script(session, httpx.ReadError("reset"), refusal("session_deleted", 410))
    with client(script) as runner:
        runner.sessions.get("sess-1").delete()
    script = Script(answer({"sessionId": "sess-1"}), refusal("unknown_session", 404))
    with client(script) as runner, pytest.raises(NotFoundError):
        runner.sessions.get("sess-1").delete()


def test_a_lost_wish_to_end_an_execution_is_not_repeated_which_would_forget_it() -> None:
    script = Script(httpx.ReadError("reset"))
    with client(script) as runner, pytest.raises(TransportError):
        runner.executions.delete("exec-1")
    assert script.paths == ["DELETE /v1/executions/exec-1"]


def test_retry_after_is_waited_for() -> None:
    script = Script(refusal("rate_limited", 429, {"Retry-After": "1"}), answer({"credits": 3}))
    with client(script) as runner:
        began = time.monotonic()
        assert runner.credits().credits == 3
    assert 1 <= time.monotonic() - began < 1.5


def test_a_retry_after_beyond_patience_is_an_error_at_once() -> None:
    script = Script(refusal("rate_limited", 429, retryAfterMs=3_600_000))
    with client(script) as runner, pytest.raises(RateLimitedError) as caught:
        runner.credits()
    assert caught.value.retry_after_ms == 3_600_000


def test_waits_grow_are_random_and_bounded() -> None:
    random.seed(1)
    retry = Retry(attempts=10, first_s=0.25, longest_s=2)
    error = TransportError("no answer")
    waits = [retry.wait_s(error, attempt, repeatable=True) or 0 for attempt in range(10)]
    for attempt, wait in enumerate(waits):
        full = min(2, 0.25 * 2**attempt)
        assert full / 2 <= wait <= full
    assert len(set(waits)) == 10
    assert retry.wait_s(error, 10, repeatable=True) is None


@pytest.mark.parametrize(
    ("code", "status", "family"),
    [
        ("no_credits", 402, PaymentRequiredError),
        ("unknown_session", 404, NotFoundError),
        ("too_many_sessions", 409, ConflictError),
        ("session_expired", 410, SessionGoneError),
    ],
)
def test_what_cannot_succeed_is_not_repeated(
    code: str, status: int, family: type[ApiError]
) -> None:
    script = Script(refusal(code, status, field="language"))
    with client(script) as runner, pytest.raises(family) as caught:
        runner.execute("1", language="python")
    error = caught.value
    assert (error.code, error.status, error.field) == (code, status, "language")
    assert (error.request_id, error.retryable) == ("req-1", False)


def test_a_proxys_error_is_retried_and_a_strangers_page_refused() -> None:
    script = Script(httpx.Response(502, text="<h1>Bad gateway</h1>"), answer({"credits": 3}))
    with client(script) as runner:
        assert runner.credits().credits == 3
    for page in (httpx.Response(200, text="<h1>Hi</h1>"), httpx.Response(404, text="<h1>Hm</h1>")):
        with client(Script(page)) as runner, pytest.raises(ProtocolError):
            runner.credits()


def test_silence_is_a_timeout_and_ends_after_all_attempts() -> None:
    script = Script(*[httpx.ReadTimeout("silence") for _ in range(4)])
    with client(script) as runner, pytest.raises(TransportTimeout):
        runner.credits()
    assert len(script.requests) == 4


def test_an_address_that_is_none_is_not_tried_again() -> None:
    script = Script(httpx.UnsupportedProtocol("no such protocol"))
    with client(script) as runner, pytest.raises(ProtocolError):
        runner.credits()


def test_a_stream_that_is_cut_is_told_with_what_had_begun() -> None:
    script = Script(events(("start", START), cut=True))
    with client(script) as runner, pytest.raises(StreamCutError) as caught:
        runner.execute("1", language="python")
    assert caught.value.execution_id == "exec-1"
    script = Script(events(("start", START)))
    with client(script) as runner, pytest.raises(StreamCutError):
        runner.execute("1", language="python")


def test_a_stream_that_is_cut_before_it_has_begun_is_opened_again() -> None:
    script = Script(events(cut=True), events(), events(*END))
    with client(script) as runner:
        assert runner.execute("1", language="python").stdout == "1\n"
    assert len(set(script.keys)) == 1


def test_a_stream_is_read_to_its_end_so_that_its_connection_can_be_used_again() -> None:
    response = events(*END, piece=10_000)
    pieces = response.stream
    assert isinstance(pieces, Pieces)
    with client(Script(response)) as runner:
        runner.execute("1", language="python")
    assert pieces.was_read_to_its_end
    assert response.is_closed


def test_leaving_a_stream_interrupts_it() -> None:
    script = Script(events(("start", START), ("stdout", {"text": "1"})), answer({"id": "exec-1"}))
    with client(script) as runner, runner.stream("1", language="python") as stream:
        next(stream)
    assert script.paths == ["POST /v1/execute", "POST /api/executions/exec-1/interrupt"]


def test_an_interrupt_that_fails_does_not_hide_why_one_left() -> None:
    script = Script(events(("start", START)), httpx.ConnectError("gone"))
    with client(script) as runner:  # noqa: SIM117 - what is raised is raised in the innermost
        with pytest.raises(KeyError), runner.stream("1", language="python"):
            raise KeyError("mine")


class Paying(httpx.BaseTransport):
    """Pays whenever payment is required, and sends the same request again."""

    def __init__(self, inner: Script) -> None:
        self.inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self.inner.handle_request(request)
        if response.status_code != 402:
            return response
        request.headers["X-Payment"] = "paid"
        return self.inner.handle_request(request)


def test_a_transport_can_pay() -> None:
    script = Script(refusal("no_credits", 402), events(*END))
    with CodeRunner(api_key="key", base_url="http://fake", transport=Paying(script)) as runner:
        assert runner.execute("1", language="python").ok
    assert script.requests[1].headers["X-Payment"] == "paid"
    assert len(set(script.keys)) == 1
