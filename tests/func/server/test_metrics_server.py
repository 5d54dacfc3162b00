"""The port of the metrics on a real server: scrapes, and what can't hurt those who are served."""

from __future__ import annotations

import re
import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import requests

from func.server.metrics_server import MAX_CONNECTIONS
from model.training.fitted_model import MODEL_NAME
from tests.support.servers import RunningServer
from tests.support.timeouts import TIMEOUT_S

EVENT = {"specversion": "1.0", "id": "1", "source": "/test", "type": "t"}
ONE = {"text": "hello"}
TENSOR = {"name": "text", "shape": [2], "datatype": "BYTES", "data": ["hello", "hello"]}


@pytest.fixture
def shown(small_folder) -> Iterator[tuple[RunningServer, int]]:
    """A server that shows its metrics, and the port of these; it ends well in the end."""
    environ = {"METRICS_PORT": "0", "MODEL_PATH": str(small_folder / MODEL_NAME)}
    server = RunningServer.start(environ, is_measured=True)
    [port] = re.findall(r"Metrics on http://[^:]+:(\d+)/metrics", "".join(server.lines))
    yield server, int(port)
    code, _ = server.stop()
    assert code == 0


def scrape(port: int) -> str:
    """Ask for the metrics."""
    answer = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=TIMEOUT_S)
    assert answer.status_code == 200
    return answer.text


def value(text: str, name: str, **labels: str) -> float:
    """Sum what is shown for some labels."""
    lines = [line for line in text.splitlines() if re.match(rf"{name}[ {{]", line)]
    wanted = [f'{key}="{each}"' for key, each in labels.items()]
    return sum(
        float(line.rpartition(" ")[2]) for line in lines if all(each in line for each in wanted)
    )


def test_predictions_of_every_kind_are_counted(shown):
    """Plain HTTP, events in each mode, batches and tensors: each text counts once."""
    server, port = shown
    events = [{**EVENT, "data": ONE}, {}, {**EVENT, "data": ONE}]
    binary = {f"ce-{name}": each for name, each in EVENT.items()}
    batch, structured = (
        {"Content-Type": f"application/cloudevents{form}+json"} for form in ("-batch", "")
    )
    infer = f"{server.url}/v2/models/intent-classifier/infer"
    posts: list[tuple[str, object, dict[str, str]]] = [
        (f"{server.url}/predict", ONE, {}),
        (f"{server.url}/predict", {"texts": ["hello", "hello"]}, {}),
        (f"{server.url}/predict", {**ONE, "padding": "x" * 20_000}, {}),
        (f"{server.url}/", ONE, binary),
        (f"{server.url}/", {**EVENT, "data": ONE}, structured),
        (f"{server.url}/", events, batch),
        (infer, {"inputs": [TENSOR]}, {}),
    ]
    for url, body, headers in posts:
        assert requests.post(url, json=body, headers=headers, timeout=TIMEOUT_S).status_code == 200

    text = scrape(port)
    assert value(text, "intent_predictions_total", intent="greeting") == 10
    assert value(text, "intent_predictions_total", intent="password_reset") == 0
    by_kind = {
        kind: value(text, "intent_requests_total", kind=kind, status="200")
        for kind in ("http", "binary", "structured", "batch", "open-inference")
    }
    assert by_kind == {"http": 3, "binary": 1, "structured": 1, "batch": 1, "open-inference": 1}


def test_what_clients_make_up_makes_no_new_series(shown):
    """Paths and methods that are none of ours share one route and one method."""
    server, port = shown
    for number, method in enumerate(("MKCOL", "PURGE", "UNLOCK")):
        requests.get(f"{server.url}/path-marker-{number}", timeout=TIMEOUT_S)
        requests.request(method, f"{server.url}/predict", timeout=TIMEOUT_S)
    requests.get(f"{server.url}/v2/models/intent-classifier/versions/marker", timeout=TIMEOUT_S)
    with socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT_S) as connection:
        connection.sendall(b"marker\r\n\r\n")
        connection.recv(65536)

    text = scrape(port)
    assert "marker" not in text.lower()
    assert value(text, "intent_requests_total", route="unknown", status="404") == 3
    assert value(text, "intent_requests_total", method="unknown", status="405") == 3
    assert value(text, "intent_requests_total", kind="unknown", status="400") == 1


def test_start_and_process_are_shown(shown):
    """How long the start took, the model, and what the process takes."""
    _, port = shown
    text = scrape(port)

    assert 0 < value(text, "intent_cold_start_seconds") < 60
    assert value(text, "intent_model_info", labels="3") == 1
    assert value(text, "intent_requests_in_flight") == 0
    assert value(text, "process_resident_memory_bytes") > 1e6


def test_metrics_are_not_on_the_port_of_requests(shown):
    """The other port knows no such path."""
    server, _ = shown

    assert requests.get(f"{server.url}/metrics", timeout=TIMEOUT_S).status_code == 404


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"marker\r\n\r\n", id="no-http"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", id="tls"),
        pytest.param(
            b"GET /metrics HTTP/1.1\r\nHost: test\r\nx: " + b"x" * 100_000, id="large-header"
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 99999999\r\n\r\n", id="large-body"
        ),
    ],
)
def test_garbage_is_refused(shown, sent):
    """A request that is no scrape gets an error, and the next scrape its answer."""
    _, port = shown
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S) as connection:
        connection.sendall(sent)
        assert connection.recv(65536).startswith((b"HTTP/1.0 4", b"HTTP/1.1 4"))

    assert "intent_model_info" in scrape(port)


def test_a_scrape_that_fails_is_answered(shown):
    """The client library can't read a version that is no number."""
    _, port = shown
    accept = {"Accept": "application/openmetrics-text; version=latest"}
    answer = requests.get(f"http://127.0.0.1:{port}/metrics", headers=accept, timeout=TIMEOUT_S)

    assert (answer.status_code, answer.json()) == (500, {"error": "Internal error"})
    assert "intent_model_info" in scrape(port)


def test_idle_scrapers_stop_nobody_who_is_served(shown):
    """More connections than are taken, each with half a request: predictions go on."""
    server, port = shown
    with ExitStack() as stack:
        for _ in range(2 * MAX_CONNECTIONS):
            connection = stack.enter_context(
                closing(socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S))
            )
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: test\r\n")
        answer = requests.post(f"{server.url}/predict", json=ONE, timeout=TIMEOUT_S)
        code, _ = server.stop()

    assert answer.json()["intent"] == "greeting"
    assert code == 0


def test_scrapes_go_on_once_files_can_be_opened_again(shown):
    """Without a file for a new connection, those that are open are served, and it waits."""
    server, port = shown
    with requests.Session() as session:
        assert session.post(f"{server.url}/predict", json=ONE, timeout=TIMEOUT_S).ok
        open_files = len([*Path(f"/proc/{server.process.pid}/fd").iterdir()])
        former = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
        tight = (open_files, former[1])
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, tight)
        with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S) as waiting:
            waiting.sendall(b"GET /metrics HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
            assert session.post(f"{server.url}/predict", json=ONE, timeout=TIMEOUT_S).ok
            resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, former)
            answer = b"".join(iter(lambda: waiting.recv(65536), b""))

    assert b"intent_model_info" in answer
