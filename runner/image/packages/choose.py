# Chooses wheels for what a session asks, with pip's own resolver, and names them. It runs alone in a
# container without network: whatever pip wants to read it asks the runner for, on standard output, and
# gets it on standard input. Nothing is downloaded or installed, and no code of a package ever runs.
# What the image has counts as installed.
#
# Out: {"get": URL, "accept": TYPES, "id": N}, in the end {"chosen": [{url, hashes}]} or {"refused": text}.
# In: first {"source": URL, "requirements": [...]}, then for each get {"id", "status", "url", "type",
# "bytes"} and that many bytes; status 0 is what could not be read.

import io
import json
import os
import sys

sys.path.insert(0, "/opt/coderunner/packages/pip")

from pip._internal.cli.main import main as pip
from pip._internal.network.session import PipSession
from pip._internal.operations.prepare import RequirementPreparer
from pip._vendor.requests.adapters import BaseAdapter, HTTPAdapter
from pip._vendor.requests.exceptions import ConnectionError
from pip._vendor.urllib3 import HTTPResponse

REPORT = "/tmp/report.json"
ERRORS = "/tmp/errors"

to_runner = os.fdopen(os.dup(1), "wb")
from_runner = os.fdopen(os.dup(0), "rb")


def say(message):
    to_runner.write(json.dumps(message).encode() + b"\n")
    to_runner.flush()


def hear():
    return json.loads(from_runner.readline())


class Runner(BaseAdapter):
    """The only way out: the runner reads for us, and only from where it may."""

    def send(self, request, **_):
        say({"id": 0, "get": request.url, "accept": request.headers.get("Accept", "*/*")})
        answer = hear()
        body = from_runner.read(answer["bytes"])
        if answer["status"] == 0:
            raise ConnectionError("the runner could not read this", request=request)
        headers = {"Content-Type": answer["type"], "Content-Length": str(len(body))}
        raw = HTTPResponse(io.BytesIO(body), headers, answer["status"], preload_content=False)
        response = HTTPAdapter().build_response(request, raw)
        response.url = answer["url"]
        return response

    def close(self):
        pass


def choose(index, requirements):
    """What pip would install, as its report says it."""
    PipSession.get_adapter = lambda self, url: Runner()
    # It would fetch what it has chosen, which is the runner's part.
    RequirementPreparer.prepare_linked_requirements_more = lambda *_, **__: None
    code = pip([
        "--isolated", "install", "--dry-run", "--report", REPORT,
        "--index-url", index, "--only-binary", ":all:", "--no-cache-dir", "--retries", "0",
        "--no-input", "--no-color", "--disable-pip-version-check", "--progress-bar", "off",
        "--break-system-packages", "--root-user-action", "ignore", "--", *requirements,
    ])
    if code != 0:
        return None
    with open(REPORT) as report:
        return json.load(report)["install"]


def main():
    order = hear()
    os.chdir("/tmp")
    errors = os.open(ERRORS, os.O_RDWR | os.O_CREAT)
    null = os.open("/dev/null", os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(errors, 1)
    os.dup2(errors, 2)
    chosen = choose(order["source"], order["requirements"])
    if chosen is None:
        with open(ERRORS, errors="replace") as text:
            say({"refused": text.read()[-16384:]})
        return
    files = [item["download_info"] for item in chosen]
    say({"chosen": [{"url": f["url"], "hashes": f.get("archive_info", {}).get("hashes", {})} for f in files]})


main()
