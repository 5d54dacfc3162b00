"""The real server over real sockets: the contract, refusals, slow clients, and draining."""

from __future__ import annotations

import http.client
import json
import re
import resource
import signal
import socket
import threading
from contextlib import ExitStack, closing
from typing import Any

import pytest
import requests

from func.server import server as server_module
from func.server.request_reader import RequestReader
from model.training.fitted_model import MODEL_NAME
from tests.support.servers import (
    REQUEST,
    RunningServer,
    address,
    build_server,
    can_connect,
    is_quiet,
    run_server,
    wait_for,
)
from tests.support.timeouts import TIMEOUT_S

BODY_LIMIT = 64 * 1024
REQUESTS_UNTIL_LOAD = 20


@pytest.fixture(scope="module")
def port(small_folder) -> Any:
    """The port of a server with the smallest body limit."""
    environ = {"MODEL_PATH": str(small_folder / "intent_model.pkl"), "MAX_BODY_BYTES": "65536"}
    running = RunningServer.start(environ, is_measured=True)
    yield running.port
    running.stop()


def exchange(port: int, sent: bytes) -> bytes:
    """Send bytes, and give all that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def status_and_body(answer: bytes) -> tuple[int, object]:
    """Take a raw answer apart."""
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def test_health_is_exact(port):
    """The answer of the health check is the same to the byte, with its length announced."""
    answer = requests.get(f"http://127.0.0.1:{port}/health", timeout=TIMEOUT_S)

    assert answer.content == b'{"status":"ok"}'
    assert answer.headers["Content-Length"] == "15"
    assert "Server" not in answer.headers


@pytest.mark.parametrize(
    ("sent", "status", "error"),
    [
        pytest.param(
            b"POST /predict HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\n{}",
            400,
            "Missing 'text' parameter",
            id="no-text",
        ),
        pytest.param(
            b"POST /predict HTTP/1.1\r\nHost: test\r\nContent-Length: 13\r\n\r\n"
            b'{"text":"\xff\xfe"}',
            400,
            "The body is not valid UTF-8",
            id="bad-bytes",
        ),
        pytest.param(
            b"POST /predict HTTP/1.1\r\nHost: test\r\nContent-Type: text/html\r\n"
            b"Content-Length: 2\r\n\r\nhi",
            415,
            "The Content-Type must be application/json or text/plain",
            id="media-type",
        ),
        pytest.param(
            b"PATCH /predict HTTP/1.1\r\nHost: test\r\n\r\n", 405, "Method Not Allowed", id="method"
        ),
        pytest.param(b"GET /marker HTTP/1.1\r\nHost: test\r\n\r\n", 404, "Not Found", id="path"),
        pytest.param(b"marker\r\n\r\n", 400, "Bad Request", id="no-http"),
        pytest.param(
            b"get /marker HTTP/1.1\r\nHost: test\r\n\r\n",
            400,
            "Bad Request",
            id="lower-case-method",
        ),
        pytest.param(
            b"GET / HTTP/1.1\r\nHost: test\r\nmark er: x\r\n\r\n",
            400,
            "Bad Request",
            id="bad-header",
        ),
        pytest.param(
            b"GET / HTTP/1.1\r\nHost: test\r\nx: mar\nker\r\n\r\n",
            400,
            "Bad Request",
            id="line-feed-in-header",
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: marker\r\n\r\n",
            400,
            "Bad Request",
            id="length",
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nmarker\r\n",
            400,
            "Bad Request",
            id="bad-chunk",
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: marker\r\n\r\n",
            501,
            "Not Implemented",
            id="transfer-encoding",
        ),
        pytest.param(
            b"GET / HTTP/1.1\r\nHost: test\r\nx: " + b"marker" * 11000 + b"\r\n\r\n",
            431,
            "Request Header Fields Too Large",
            id="large-header",
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 65537\r\n\r\n",
            413,
            "Request Entity Too Large",
            id="large-body-announced",
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n10001\r\n"
            + b"x" * 0x10001,
            413,
            "Request Entity Too Large",
            id="large-body-in-chunks",
        ),
    ],
)
def test_bad_requests_get_the_answers_of_the_contract(port, sent, status, error):
    """Any bytes on the wire are answered with JSON that quotes nothing of them."""
    answer = exchange(port, sent)

    assert status_and_body(answer) == (status, {"error": error})
    assert b"Content-Type: application/json\r\n" in answer
    assert b"marker" not in answer


def test_body_at_the_limit_is_read(port):
    """A body of exactly the allowed size is no reason to refuse."""
    body = json.dumps({"text": "hello", "padding": ""}).encode()
    body = body.replace(b'""', b'"' + b"x" * (BODY_LIMIT - len(body)) + b'"')

    answer = requests.post(f"http://127.0.0.1:{port}/", data=body, timeout=TIMEOUT_S)

    assert len(body) == BODY_LIMIT
    assert answer.json()["intent"] == "greeting"


def test_chunked_body_is_read(port):
    """A body whose length is not announced is understood."""
    parts = iter([b'{"text": ', b'"hello"}'])
    answer = requests.post(f"http://127.0.0.1:{port}/predict", data=parts, timeout=TIMEOUT_S)

    assert answer.json()["intent"] == "greeting"


def test_client_that_sends_on_gets_its_refusal(port):
    """The answer to a body that is too large arrives, though the client goes on sending."""
    answer = requests.post(f"http://127.0.0.1:{port}/", data=b"x" * 8_000_000, timeout=TIMEOUT_S)

    assert (answer.status_code, answer.json()) == (413, {"error": "Request Entity Too Large"})
    assert answer.headers["Connection"] == "close"


def test_connection_is_kept_open(port):
    """Many requests go over one connection, pipelined ones too."""
    answer = exchange(port, REQUEST * 3)

    assert answer.count(b"HTTP/1.1 200 OK") == 3


def test_slow_clients_do_not_stop_others(start_server):
    """Connections that send no more than half a request hold no thread."""
    server = start_server(THREADS="1")
    slow = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(50)]
    for connection in slow:
        connection.sendall(REQUEST[:-5])

    assert (
        requests.post(f"{server.url}/", json={"text": "hello"}, timeout=TIMEOUT_S).status_code
        == 200
    )
    for connection in slow:
        connection.sendall(REQUEST[-5:])
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")
        connection.close()


def test_load_loses_nothing_at_sigterm(start_server):
    """Eight clients under load get an answer to each request that the server accepted."""
    server = start_server()
    is_under_load = threading.Barrier(9)
    clients = [LoadClient(server.port, is_under_load) for _ in range(8)]
    for client in clients:
        client.start()
    is_under_load.wait(TIMEOUT_S)
    code, log = server.stop()
    for client in clients:
        client.join(TIMEOUT_S)

    answered = [status for client in clients for status in client.answered]
    assert [client.failure for client in clients] == [None] * 8
    assert set(answered) == {200}
    assert log.count('"message": "request"') == len(answered)
    assert code == 0


class LoadClient(threading.Thread):
    """Sends one request after the other until the server refuses connections."""

    def __init__(self, port: int, is_under_load: threading.Barrier) -> None:
        super().__init__()
        self.answered: list[int] = []
        self.failure: Exception | None = None
        self._port = port
        self._is_under_load = is_under_load

    def run(self) -> None:
        """Note the status of each answer, and whatever else than a refusal ends the run."""
        try:
            while True:
                self._connect_and_ask()
        except ConnectionRefusedError:
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, a request was lost
            self.failure = error

    def _connect_and_ask(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_S)
        connection.connect()
        is_open = True
        with closing(connection):
            while is_open:
                connection.request("POST", "/predict", b'{"text": "hello"}')
                response = connection.getresponse()
                response.read()
                self.answered.append(response.status)
                is_open = response.getheader("Connection") != "close"
                if len(self.answered) == REQUESTS_UNTIL_LOAD:
                    self._is_under_load.wait(TIMEOUT_S)


def test_request_in_flight_is_finished_at_sigterm(start_server):
    """A request begun before the signal is read to its end and answered; then the server ends."""
    server = start_server()
    with socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT_S) as connection:
        connection.sendall(REQUEST[:-5])
        server.process.terminate()
        wait_for(lambda: not can_connect(server.port))
        connection.sendall(REQUEST[-5:])
        answer = connection.recv(65536)

    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b"Connection: close\r\n" in answer
    assert server.wait()[0] == 0


def test_draining_ends_after_its_time(start_server):
    """A client that never finishes its request holds the end up for no longer than is set."""
    server = start_server(SHUTDOWN_TIMEOUT_S="0.2")
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(REQUEST[:-5])
        requests.get(f"{server.url}/health", timeout=TIMEOUT_S)
        code, log = server.stop()

    assert code == 0
    assert "Stopped with 1 connections unanswered" in log


def test_connections_that_outlast_the_draining_are_closed(in_process):
    """A client whose request is not complete then sees the end of its connection."""
    server = in_process(shutdown_timeout_s=0.05)
    with socket.create_connection(address(server), timeout=TIMEOUT_S) as connection:
        connection.sendall(REQUEST[:-5])
        wait_for(lambda: server.shared.held_bytes)
        server.stop()

        assert connection.recv(1) == b""


def test_request_that_does_not_go_on_is_refused_while_draining(in_process, clock):
    """Its time counts on, so that its client gets a response and not only the end."""
    server = in_process(request_timeout_s=30)
    with socket.create_connection(address(server), timeout=TIMEOUT_S) as connection:
        connection.sendall(REQUEST[:-5])
        wait_for(lambda: server.shared.held_bytes)
        server.stop()
        wait_for(lambda: server.shared.is_draining)
        clock.ahead_s += 31

        assert connection.recv(65536).startswith(b"HTTP/1.1 408 ")


def test_idle_connections_are_closed_while_draining(in_process):
    """An open connection on which nothing happens does not hold the end up."""
    server = in_process()
    with socket.create_connection(address(server), timeout=TIMEOUT_S) as connection:
        connection.sendall(REQUEST)
        answer = connection.recv(65536)
        server.stop()

        assert answer.startswith(b"HTTP/1.1 200 OK")
        assert connection.recv(1) == b""


def test_waiting_connections_are_accepted_before_the_end(small_model):
    """Connections that the kernel made before the signal are served after it."""
    server = build_server(small_model)
    waiting = [socket.create_connection(address(server), timeout=TIMEOUT_S) for _ in range(5)]
    for connection in waiting:
        connection.sendall(REQUEST)
    server.stop()
    server.run()

    for connection in waiting:
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")
        connection.close()


@pytest.mark.parametrize("connection_header", [b"keep-alive", b"close"])
def test_requests_in_flight_are_counted(in_process, hold, connection_header):
    """A request counts from when it has arrived until its answer is found."""
    server = in_process()
    with socket.create_connection(address(server), timeout=TIMEOUT_S) as connection:
        with hold as is_held:
            connection.sendall(
                REQUEST.replace(b"Host:", b"Connection: " + connection_header + b"\r\nHost:")
            )
            is_held.wait(TIMEOUT_S)
            meanwhile = server.count_in_flight()
        assert b"200 OK" in connection.recv(65536)

    assert meanwhile == 1
    wait_for(lambda: server.count_in_flight() == 0)


def test_pipelined_requests_are_all_answered_while_draining(small_model):
    """Only the last of the requests that were sent announces the connection's end."""
    server = build_server(small_model)
    with socket.create_connection(address(server), timeout=TIMEOUT_S) as connection:
        connection.sendall(REQUEST * 3)
        server.stop()
        server.run()
        answer = b"".join(iter(lambda: connection.recv(65536), b""))

    assert answer.count(b"HTTP/1.1 200 OK") == 3
    assert answer.count(b"Connection: close") == 1


def test_more_clients_than_files_can_be_opened(start_server):
    """Connections beyond the limit wait until others end; nobody is cut off."""
    server = start_server()
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (40, 40))
    with ExitStack() as stack:
        clients = [
            stack.enter_context(
                socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT_S)
            )
            for _ in range(60)
        ]
        for client in clients:
            client.sendall(REQUEST)
            client.settimeout(0.01)
        answered = [client for client in clients if received(client)]
        assert 0 < len(answered) < len(clients)
        wait_for(lambda: is_quiet(server))  # the listener is not asked again and again
        for client in answered:
            client.close()
        for client in set(clients) - set(answered):
            client.settimeout(TIMEOUT_S)
            assert received(client).startswith(b"HTTP/1.1 200 OK")
            client.close()

    exit_code, log = server.stop()
    assert exit_code == 0
    assert "Traceback" not in log


def received(client: socket.socket) -> bytes:
    """Receive what has come in until the client's patience ends."""
    try:
        return client.recv(65536)
    except TimeoutError:
        return b""


def test_connections_stop_at_the_limit_of_files():
    """As many files may be open as the system allows; some are left for other than connections."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert server_module.connection_limit() == min(8192, most - 64)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (most, most)


def test_error_in_the_event_loop_ends_one_connection(in_process, monkeypatch, caplog):
    """A fault while reading is logged by its type, and other connections go on."""
    server = in_process()

    def fail(*_: object) -> None:
        raise RuntimeError("secret-marker")

    with (
        monkeypatch.context() as patch,
        socket.create_connection(address(server), timeout=TIMEOUT_S) as connection,
    ):
        patch.setattr(RequestReader, "feed", fail)
        connection.sendall(REQUEST)
        assert connection.recv(65536) == b""
    assert exchange(address(server)[1], REQUEST).startswith(b"HTTP/1.1 200 OK")
    assert "secret-marker" not in "".join(record.getMessage() for record in caplog.records)


@pytest.mark.parametrize(
    ("environ", "line"),
    [
        pytest.param(
            {"PORT": "http"},
            "PORT='http' is not allowed: it must be a whole number from 0 to 65535.\n",
            id="settings",
        ),
        pytest.param(
            {"PORT": "0", "MODEL_PATH": "/nowhere/m.pkl"},
            "/nowhere/m.pkl does not exist. "
            "Train a model (make train), or name one by MODEL_URI, MODEL_PATH or --model.\n",
            id="missing-model",
        ),
        pytest.param(
            {"PORT": "0", "MODEL_PATH": __file__},
            f"{__file__} is not a readable joblib file (KeyError: 34). "
            "Train it again: make train.\n",
            id="broken-model",
        ),
    ],
)
def test_what_prevents_the_start_is_told_in_one_line(environ, line):
    """A server that can't start exits with 1 and says why."""
    process = run_server(environ)

    assert process.returncode == 1
    assert process.stderr.splitlines(keepends=True)[-1] == line
    assert "Traceback" not in process.stderr


def test_arguments_are_refused():
    """Settings are environment variables; an option would else be ignored without a word."""
    process = run_server({}, "-m", "func.server", "--port", "9000")

    assert process.returncode == 2
    assert process.stderr == (
        "The server takes no arguments. Its settings are environment variables, "
        "such as PORT=9000 and MODEL_URI=model/shipped: README.md lists them.\n"
    )


@pytest.mark.parametrize("variable", ["PORT", "METRICS_PORT"])
def test_port_in_use_is_told(variable):
    """A port that somebody else has is named, whichever it is."""
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        taken = other.getsockname()[1]
        process = run_server({"HOST": "127.0.0.1", "PORT": "0", variable: str(taken)})

    assert process.returncode == 1
    assert process.stderr == f"Can't listen on port {taken}: Address already in use\n"


LISTEN_MEANWHILE = """
import os, sys
from func.app import App
from func.server.__main__ import main
from func.server.listener import bind

other, load = bind("127.0.0.1", 0), App.load
os.environ[sys.argv.pop()] = str(other.getsockname()[1])

def listen_meanwhile(settings):
    other.listen()
    return load(settings)

App.load = listen_meanwhile
sys.exit(main())
"""


@pytest.mark.parametrize("variable", ["PORT", "METRICS_PORT"])
def test_port_that_another_begins_to_listen_on_is_told(small_folder, variable):
    """Two processes may take a port; the one that listens second is told."""
    environ = {"HOST": "127.0.0.1", "PORT": "0", "MODEL_PATH": str(small_folder / MODEL_NAME)}
    process = run_server(environ, "-c", LISTEN_MEANWHILE, variable)

    assert process.returncode == 1
    assert re.fullmatch(r"Can't listen on port \d+: Address already in use\n", process.stderr)


STOP_MEANWHILE = """
import os, signal, sys
from func.app import App
from func.server.__main__ import main

number = int(sys.argv.pop())

def stop_meanwhile(settings):
    os.kill(os.getpid(), number)
    raise AssertionError("it loads on")

App.load = stop_meanwhile
sys.exit(main())
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_process_that_loads_its_model_ends_at_a_signal(number):
    """A pod that is deleted would last until its grace period is over; Ctrl-C is no fault."""
    process = run_server({"PORT": "0"}, "-c", STOP_MEANWHILE, str(int(number)))

    assert (process.returncode, process.stderr) == (0, "")
