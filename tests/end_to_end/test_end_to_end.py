"""The shipped model behind each way of serving it, called by real clients."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from cloudevents import conversion
from cloudevents.http import CloudEvent, from_http, from_json

from func.settings import Settings
from model.training.fitted_model import MODEL_NAME
from tests.support.paths import ROOT
from tests.support.servers import RunningServer
from tests.support.timeouts import TIMEOUT_S

HELP = "Can you help me reset my password?"
OWN_TYPE = "org.intentclassifier.intent.classified"
STRUCTURED = "application/cloudevents+json"
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(scope="module")
def server(shipped_folder: Path) -> Iterator[RunningServer]:
    """The real server with the shipped model."""
    running = RunningServer.start({"MODEL_PATH": str(shipped_folder / MODEL_NAME)})
    yield running
    running.stop()


def sdk_event(**attributes: str) -> CloudEvent:
    """Return an event made with the official SDK."""
    return CloudEvent({"type": "chat.message", "source": "/chat", **attributes}, {"text": HELP})


def send(server: RunningServer, message: tuple[dict[str, str], bytes]) -> requests.Response:
    """Post an event that the SDK has encoded."""
    headers, body = message
    return requests.post(server.url, headers=headers, data=body, timeout=TIMEOUT_S)


def test_readme_requests_get_their_answers(server):
    """The README's first three requests get the responses that it shows."""
    health = requests.get(f"{server.url}/health", timeout=TIMEOUT_S)
    answer = requests.post(f"{server.url}/predict", json={"text": HELP}, timeout=TIMEOUT_S)
    missing = requests.post(f"{server.url}/predict", json={}, timeout=TIMEOUT_S)

    assert (health.status_code, health.text) == (200, '{"status":"ok"}')
    assert answer.status_code == 200
    assert answer.json()["intent"] == "password_reset"
    assert 0.9 < answer.json()["confidence"] <= 1
    assert (missing.status_code, missing.json()) == (400, {"error": "Missing 'text' parameter"})


@pytest.mark.parametrize(
    "encode",
    [
        pytest.param(conversion.to_binary, id="binary"),
        pytest.param(conversion.to_structured, id="structured"),
    ],
)
def test_sdk_understands_the_reply(server, encode):
    """The SDK can parse the reply to its event."""
    event = sdk_event(id="42", subject="chat-7", traceparent=TRACEPARENT, tracestate="v=1")
    first, again = (send(server, encode(event)) for _ in range(2))
    reply = from_http(dict(first.headers), first.content)

    assert first.status_code == 200
    assert reply["type"] == "org.intentclassifier.intent.classified"
    assert reply["source"] == "/intent-classifier"
    assert reply["subject"] == "chat-7"
    assert (reply["traceparent"], reply["tracestate"]) == (TRACEPARENT, "v=1")
    assert reply["intent"] == "password_reset"
    assert reply.data["intent"] == "password_reset"
    assert reply.data["request"] == {"id": "42", "source": "/chat"}
    assert from_http(dict(again.headers), again.content)["id"] == reply["id"]


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        pytest.param("Gr%C3%BC%C3%9Fe%20%25", "Gr%C3%BC%C3%9Fe%20%25", id="percent-encoded"),
        pytest.param("Gr\u00fc\u00dfe", "Gr%C3%BC%C3%9Fe", id="latin-1-by-the-client"),
        pytest.param('"a b"', "a%20b", id="quoted"),
    ],
)
def test_any_attribute_survives_over_headers(server, sent, received):
    """Non-ASCII attributes return percent-encoded, whichever encoding they were sent in."""
    answer = send(server, conversion.to_binary(sdk_event(subject=sent)))

    assert answer.headers["ce-subject"] == received


def test_any_attribute_survives_in_json(server):
    """Non-ASCII attributes return unchanged."""
    answer = send(server, conversion.to_structured(sdk_event(subject="Grüße € 😀 100%")))

    assert from_json(answer.content)["subject"] == "Grüße € 😀 100%"


def test_batch_with_a_bad_event_gets_three_answers(server):
    """The SDK can parse the three replies to a JSON batch of three events, one of them bad."""
    events = [json.loads(conversion.to_json(sdk_event(id=name))) for name in ("a", "b", "c")]
    del events[1]["type"]
    headers = {"Content-Type": "application/cloudevents-batch+json"}
    answer = requests.post(server.url, json=events, headers=headers, timeout=TIMEOUT_S)

    replies = [from_json(json.dumps(reply)) for reply in answer.json()]
    assert [reply["type"].rpartition(".")[2] for reply in replies] == [
        "classified",
        "rejected",
        "classified",
    ]
    assert [reply.data["request"]["id"] for reply in replies] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("attributes", "data", "status", "body"),
    [
        pytest.param({"id": ""}, {"text": HELP}, 400, "'id'", id="malformed"),
        pytest.param({}, {"words": HELP}, 422, "Missing 'text' parameter", id="no-text"),
        pytest.param(
            {"type": "org.intentclassifier.intent.classified"}, {}, 202, "", id="own-reply"
        ),
    ],
)
def test_other_events_get_statuses_that_a_broker_handles(server, attributes, data, status, body):
    """400 and 422 lead to the dead-letter sink; 202 without a body is an acknowledgement."""
    event = CloudEvent({"type": "chat.message", "source": "/chat", "id": "1"}, data)
    headers, content = conversion.to_binary(event)
    headers |= {f"ce-{name}": value for name, value in attributes.items()}
    answer = send(server, (headers, content))

    assert answer.status_code == status
    assert body in answer.text


def test_func_invoke_is_answered(server):
    """The default requests of ``func invoke``, over HTTP and as an event, are classified."""
    message = {"message": "Hello World"}
    plain = requests.post(server.url, json=message, timeout=TIMEOUT_S)
    event = CloudEvent({"type": "boson.fn", "source": "/boson/fn"}, message)

    assert plain.status_code == 200
    assert send(server, conversion.to_binary(event)).status_code == 200


def test_no_user_input_leaks(shipped_folder):
    """A marker in any part of a request appears in no response and in no log."""
    server = RunningServer.start({"MODEL_PATH": str(shipped_folder / MODEL_NAME)})
    url, marker = server.url, "leakmarker"
    requests_with_marker: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "/predict", {"json": {"text": marker, "explain": False, "top_k": 2}}),
        ("POST", "/predict", {"json": {"text": marker, "top_k": marker}}),
        ("POST", "/predict", {"json": {marker: marker}}),
        ("POST", "/predict", {"json": [marker]}),
        ("POST", "/predict", {"data": f'{{"text": "{marker}'}),
        ("POST", "/predict", {"data": marker, "headers": {"Content-Type": marker}}),
        ("POST", "/predict", {"data": marker, "headers": {"Content-Type": "text/plain"}}),
        ("POST", "/predict", {"data": marker, "headers": {"Content-Encoding": marker}}),
        ("POST", f"/{marker}?{marker}", {"json": {"text": marker}}),
        ("GET", f"/{marker}", {}),
        (marker.upper(), "/predict", {}),
        ("POST", "/", {"data": marker, "headers": {"ce-id": marker, "ce-type": marker}}),
        ("POST", "/", {"data": marker, "headers": {"ce-specversion": marker}}),
        ("POST", "/", {"json": [marker], "headers": {"Content-Type": f"application/{marker}"}}),
        (
            "POST",
            "/",
            {"data": marker, "headers": {"Content-Type": "application/cloudevents+json"}},
        ),
    ]
    answers = [
        requests.request(method, url + path, timeout=TIMEOUT_S, **options)
        for method, path, options in requests_with_marker
    ]
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(f"{marker} {marker}\r\n{marker}\r\n\r\n".encode())
        raw = connection.recv(65536)
    _, log = server.stop()

    assert all(answer.status_code < 500 for answer in answers)
    sent_back = "".join(f"{answer.headers}{answer.text}" for answer in answers) + raw.decode()
    assert marker not in sent_back.lower()
    assert marker not in log.lower()
    assert log.count('"message": "request"') == len(answers) + 1
    assert "Traceback" not in sent_back + log


@contextmanager
def running(command: list[str], port: int, model: Path) -> Iterator[str]:
    """Start a command that serves on a port; yield after its first response."""
    environ = os.environ | {"MODEL_PATH": str(model)}
    with subprocess.Popen(
        command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            wait_until_served(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGTERM)


def wait_until_served(port: int) -> None:
    """Wait at most a minute until a process listens on the port."""
    deadline = time.monotonic() + TIMEOUT_S
    with closing(socket.socket()) as probe:
        while probe.connect_ex(("127.0.0.1", port)) and time.monotonic() < deadline:
            time.sleep(0.05)


def free_port() -> int:
    """Return a free port."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return int(listener.getsockname()[1])


def test_gunicorn_serves_the_app(small_folder):
    """``gunicorn func.app:app`` serves all routes and rejects large chunked bodies."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "func.app:app"]
    with running(command, port, small_folder / MODEL_NAME) as url:
        health = requests.get(f"{url}/health", timeout=TIMEOUT_S)
        answer = requests.post(f"{url}/predict", json={"text": "hello"}, timeout=TIMEOUT_S)
        chunks = (b" " * 65536 for _ in range(17))
        too_large = requests.post(f"{url}/predict", data=chunks, timeout=TIMEOUT_S)

    assert health.text == '{"status":"ok"}'
    assert answer.json()["intent"] == "greeting"
    assert too_large.status_code == 413


def test_gunicorn_gives_up_without_a_model():
    """The command exits with an error code if its workers can't load the model."""
    command = [sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:0", "func.app:app"]
    environ = os.environ | {"MODEL_PATH": "/nowhere/m.pkl"}
    process = subprocess.run(
        command,
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )

    assert process.returncode != 0
    assert "/nowhere/m.pkl does not exist. Train a model" in process.stderr
    assert "Traceback" not in process.stderr


def test_parliament_serves_the_function(small_folder):
    """``python -m parliament .`` serves ``/`` on its fixed port."""
    command = [sys.executable, "-m", "parliament", "."]
    with running(command, 8080, small_folder / MODEL_NAME) as url:
        answer = requests.post(url, json={"text": "hello"}, timeout=TIMEOUT_S)
        event = send_event(url, sdk_event(subject="s"))

    assert answer.json()["intent"] == "greeting"
    assert event.headers["ce-intent"] == "password_reset"


def send_event(url: str, event: CloudEvent) -> requests.Response:
    """Post an event in binary mode."""
    headers, body = conversion.to_binary(event)
    return requests.post(url, headers=headers, data=body, timeout=TIMEOUT_S)


def test_readme_lists_the_settings():
    """The README's table and the code define the same variables with the same defaults."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = dict(re.findall(r"^\| `([A-Z_]+)` \| `?([^`|]*?)`? \|", readme, re.MULTILINE))
    defaults = {
        name.upper(): "" if (value := getattr(Settings(), name)) in (None, ()) else str(value)
        for name in Settings.__dataclass_fields__
    }
    defaults["MODEL_PATH"] = os.path.relpath(defaults["MODEL_PATH"], ROOT)

    assert table == defaults
