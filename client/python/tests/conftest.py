"""What the tests share: where the service is, and an account of it that may run as it likes."""

from __future__ import annotations

import os
from collections.abc import Iterator

import httpx
import pytest

from agent_coderunner import CodeRunner, NewKey


@pytest.fixture(scope="session")
def url() -> str:
    """The gateway under test; without one these tests fail, they are not left out."""
    return os.environ["TEST_GATEWAY_URL"]


@pytest.fixture(scope="session")
def account(url: str) -> NewKey:
    """An account with credits and without a rate to speak of."""
    with CodeRunner(base_url=url) as stranger:
        key = stranger.keys.create("tests")
    rich = {"grantCredits": 100_000, "ratePerMinute": 100_000}
    token = os.environ["TEST_ADMIN_TOKEN"]
    reply = httpx.patch(
        f"{url}/admin/accounts/{key.account_id}",
        headers={"Authorization": f"Bearer {token}"},
        json=rich,
    )
    assert reply.status_code == 200
    return key


@pytest.fixture
def runner(url: str, account: NewKey) -> Iterator[CodeRunner]:
    """A client of that account."""
    with CodeRunner(base_url=url, api_key=account.api_key) as client:
        yield client
