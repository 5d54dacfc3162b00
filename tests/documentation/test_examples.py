"""The examples, run as users run them, against the real server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from model.datasets.readers import read_examples
from tests.support.paths import ROOT
from tests.support.servers import RunningServer, served
from tests.support.timeouts import TIMEOUT_S

NODE = str(Path(sys.executable).with_name("node"))
EXAMPLES = [
    pytest.param([sys.executable, "examples/predict_requests.py"], id="requests"),
    pytest.param([sys.executable, "examples/predict_cloudevents.py"], id="cloudevents"),
    pytest.param(["sh", "examples/predict.sh"], id="curl"),
    pytest.param([NODE, "examples/predict.mjs"], id="node"),
]


@pytest.fixture(scope="module")
def server(small_folder: Path) -> Iterator[RunningServer]:
    """The real server with the small model."""
    running = RunningServer.start({"MODEL_PATH": str(small_folder / "intent_model.pkl")})
    yield running
    running.stop()


def run(command: list[str], url: str, *texts: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*command, *texts],
        cwd=ROOT,
        env=os.environ | {"INTENT_URL": url},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


@contextmanager
def busy_gateway(url: str) -> Iterator[tuple[str, list[int]]]:
    """Yield a gateway that rejects the first request with 503, and the list of its statuses."""
    statuses: list[int] = []

    class Gateway(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if statuses:
                answer = requests.post(
                    f"{url}{self.path}", headers=dict(self.headers), data=body, timeout=TIMEOUT_S
                )
                self._answer(answer.status_code, dict(answer.headers), answer.content)
            else:
                self._answer(503, {"Retry-After": "1"}, b'{"error": "busy"}')

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            statuses.append(status)
            self.send_response_only(status)
            for name, value in (headers | {"Content-Length": str(len(body))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Gateway) as gateway, served(gateway):
        yield f"http://127.0.0.1:{gateway.server_port}", statuses


@pytest.mark.parametrize("slash", ["", "/"], ids=["bare", "slash"])
@pytest.mark.parametrize("command", EXAMPLES)
def test_example_prints_the_intent_of_each_text(server, command, slash):
    """The output has a line with the intent of each text; the URL may end with a slash."""
    done = run(command, server.url + slash, "hello", 'reset "my" password, bitte schön')

    assert (done.returncode, done.stderr) == (0, "")
    first, second = done.stdout.splitlines()
    assert "greeting" in first
    assert "password_reset" in second


@pytest.mark.parametrize("command", EXAMPLES)
def test_example_prints_the_reason_of_a_rejection(server, command):
    """The output contains the function's error message, and the exit code is not 0."""
    done = run(command, server.url, "x" * 5001)

    assert done.returncode != 0
    assert "must have at most 5000 characters" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", EXAMPLES)
def test_example_retries_after_503(server, command):
    """The example sends the request again after a response with 503."""
    with busy_gateway(server.url) as (url, statuses):
        done = run(command, url, "hello")

    assert done.returncode == 0, done.stderr
    assert "greeting" in done.stdout
    assert statuses == [503, 200]


@pytest.mark.parametrize("command", EXAMPLES)
def test_example_reports_a_missing_server(command):
    """Without a server, the example prints one line and exits with an error code."""
    done = run(command, "http://127.0.0.1:1", "hello")

    assert done.returncode != 0
    assert done.stderr.count("\n") == 1


def test_spreadsheet_of_the_tutorial_holds_the_rows_of_the_table():
    """Both files have the same utterances and intents in the same rows."""
    spreadsheet, table = (
        [(example.text, example.intent, example.line) for example in read_examples(path)]
        for path in (ROOT / "examples" / "tickets.xlsx", ROOT / "examples" / "tickets.csv")
    )

    assert spreadsheet == table
