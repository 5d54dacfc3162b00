"""Clients that mean harm, against the real server process."""

from __future__ import annotations

import os
import re
import resource
import signal
import socket
import statistics
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
import requests

from benchmarks.system.cpu_time import cpu_seconds
from tests.support.raw_requests import (
    MUCH_WORK,
    PAGE,
    PROBE,
    QUICK,
    SLOW,
    predict_request,
)
from tests.support.servers import RunningServer, is_quiet, wait_for

STOPS = int(os.environ.get("SOAK_STOPS", "5"))  # `make soak` asks for more
IDLE_CONNECTIONS = 5000
PROBES = 200
MAX_PROBE_S = 0.1
MEBIBYTE = 1024 * 1024


def resident_bytes(server: RunningServer) -> int:
    """Return the largest memory that the process has had."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    [kibibytes] = re.findall(r"VmHWM:\s+(\d+)", status)
    return 1024 * int(kibibytes)


def connect(stack: ExitStack, port: int) -> socket.socket:
    """Open a connection that is closed in the end."""
    return stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))


class Knocker(threading.Thread):
    """Connects and closes until nobody listens."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self._port = port

    def run(self) -> None:
        """Connect, send a part of a request, close."""
        try:
            while True:
                with socket.create_connection(("127.0.0.1", self._port), timeout=0.5) as client:
                    client.send(PROBE[:9])
        except OSError:
            return


def test_stops_do_not_hang(start_server):
    """However often it is stopped while clients connect and close, the server ends in time."""
    for _ in range(STOPS):
        server = start_server(SHUTDOWN_TIMEOUT_S="3")
        knockers = [Knocker(server.port) for _ in range(4)]
        for knocker in knockers:
            knocker.start()
        assert server.stop()[0] == 0


def test_second_signal_ends_the_draining(start_server):
    """Whoever has no patience sends SIGTERM again."""
    server = start_server(SHUTDOWN_TIMEOUT_S="3600", SHUTDOWN_DELAY_S="3600")
    with ExitStack() as stack:
        connect(stack, server.port).sendall(QUICK[:-1])
        server.process.send_signal(signal.SIGTERM)
        wait_for(lambda: "Stopping" in "".join(server.lines))
        code, log = server.stop()

    assert code == 0
    assert "Stopped with 1 connections unanswered" in log


def test_memory_is_bounded(start_server):
    """Pipelined requests for large pages, and responses that nobody reads, take little."""
    server = start_server()
    with ExitStack() as stack:
        for _ in range(8):
            client = connect(stack, server.port)
            client.settimeout(0)
            client.send(PAGE * 190)
        for _ in range(300):
            connect(stack, server.port).sendall(PAGE)
        assert requests.get(f"{server.url}/health", timeout=10).ok
        connect(stack, server.port).sendall(SLOW)
        wait_for(lambda: is_quiet(server))
        assert resident_bytes(server) < 100 * MEBIBYTE


@pytest.fixture
def many_files():
    """Let this process, and the servers that it starts, open as many files as may be."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits[1], limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


@pytest.mark.usefixtures("many_files")
def test_idle_connections_cost_nothing(start_server):
    """Thousands of open connections take next to no time while nothing happens on them."""
    server = start_server()
    with ExitStack() as stack:
        for _ in range(IDLE_CONNECTIONS):
            connect(stack, server.port)
        connect(stack, server.port).sendall(PROBE)
        wait_for(lambda: is_quiet(server))
        connected_bytes = resident_bytes(server)
        before, start = cpu_seconds(server.process.pid), time.monotonic()
        wait_for(lambda: time.monotonic() - start > 2)
        assert cpu_seconds(server.process.pid) - before < 0.1
        assert connected_bytes < 100 * MEBIBYTE


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(MUCH_WORK, id="much-work"),
        pytest.param(SLOW, id="large"),
        pytest.param(predict_request(b'{"text": "%b"}' % ("\ufdfa" * 1000).encode()), id="expands"),
        pytest.param(
            predict_request(
                b'{"texts": [%b], "explain": true}'
                % b",".join([b'"%b"' % (b"where is my order " * 20)] * 256)
            ),
            id="batch",
        ),
    ],
)
def test_probes_do_not_wait_for_expensive_requests(start_server, request_):
    """While others send them without end, 99 of 100 probes wait for less than 100 ms.

    The time is what the server computes meanwhile: on a machine without other load, it is what
    the probe waits for, and other load doesn't change it.
    """
    server = start_server()
    durations = []
    with ExitStack() as stack:
        begin = cpu_seconds(server.process.pid)
        for _ in range(20):
            stack.enter_context(Repeating(connect(stack, server.port), request_))
        wait_for(lambda: cpu_seconds(server.process.pid) > begin + 0.5)
        probe = connect(stack, server.port)
        for _ in range(PROBES):
            start = cpu_seconds(server.process.pid)
            probe.sendall(PROBE)
            assert probe.recv(65536).startswith(b"HTTP/1.1 200 ")
            durations.append(cpu_seconds(server.process.pid) - start)

    assert statistics.quantiles(durations, n=100)[-1] < MAX_PROBE_S


class Repeating(threading.Thread):
    """Sends a request again as soon as something of its response arrives."""

    def __init__(self, client: socket.socket, request: bytes) -> None:
        super().__init__()
        self._client, self._request = client, request

    def __enter__(self) -> None:
        self.start()

    def __exit__(self, *_: object) -> None:
        self._client.shutdown(socket.SHUT_RDWR)
        self.join()

    def run(self) -> None:
        """Send and receive until the connection is shut down."""
        with suppress(OSError):
            while True:
                self._client.sendall(self._request)
                self._client.recv(1 << 20)


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"GET a://" + b"1" * 30_000, id="digits-in-target"),
        pytest.param(b"GET / HTTP/1.1\r\nX:" + b" " * 30_000 + b"\0\r\n", id="spaces-in-value"),
    ],
)
def test_parsing_is_linear_on_both_ports(start_server, sent):
    """No head within the limits takes the server a noticeable time."""
    server = start_server(METRICS_PORT="0")
    [metrics_port] = re.findall(r"Metrics on http://[^:]+:(\d+)", "".join(server.lines))
    before = cpu_seconds(server.process.pid)
    for port in (server.port, int(metrics_port)):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            client.sendall(sent + b"\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.1 4")

    assert cpu_seconds(server.process.pid) - before < 0.5
