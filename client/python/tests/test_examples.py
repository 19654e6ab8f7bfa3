"""Programs as somebody would copy them: the product page's, and those of the package's README."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from agent_coderunner import NewKey

HERE = Path(__file__).parent
README = (HERE.parent / "README.md").read_text("utf-8")
#: A program, and what stands below it as its output.
EXAMPLES = re.findall(r"```python\n(.*?)```\n(?:\n```text\n(.*?)```)?", README, re.DOTALL)


def run(program: str, **env: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **env},
        cwd=HERE,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_product_pages_example_runs_with_requests(url: str) -> None:
    example = (HERE / "page_example.py.txt").read_text("utf-8")
    assert example.count("https://agent-coderunner.example.com") == 1
    first, duration, last = run(
        example.replace("https://agent-coderunner.example.com", url)
    ).splitlines()
    assert (first, last) == ("4950", "84")
    assert duration.isdecimal()


@pytest.mark.parametrize(("program", "output"), EXAMPLES)
def test_the_readmes_examples_do_what_they_say(
    program: str, output: str, url: str, account: NewKey
) -> None:
    told = run(program, CODERUNNER_URL=url, CODERUNNER_API_KEY=account.api_key)
    assert told == output


def test_the_readme_has_examples() -> None:
    assert len(EXAMPLES) >= 5
    assert all(output for _program, output in EXAMPLES)
