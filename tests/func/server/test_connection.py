"""Connections: who answers what, and how they end."""

from __future__ import annotations

import re
import socket
import struct
import threading
import time

import pytest

from func.server import connection as channel_module
from func.server.batching import MAX_QUICK_BYTES
from func.telemetry.recorder import Telemetry
from tests.support.servers import address, build_server, channels, wait_for
from tests.support.timeouts import TIMEOUT_S


def predict_request(body: bytes, path: bytes = b"/predict") -> bytes:
    """Encode a request for the intent of a JSON body."""
    head = b"POST %b HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n" % path
    return head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


QUICK = predict_request(b'{"text": "hello"}')
SLOW = predict_request(b'{"text": "reset my password"}' + b" " * MAX_QUICK_BYTES)


@pytest.fixture
def answering_threads(small_model, monkeypatch):
    """The threads that predictions were made by, in the order of the answers."""
    threads: list[threading.Thread] = []
    predict = small_model.predict

    def record_thread(*args: object, **options: object) -> object:
        threads.append(threading.current_thread())
        return predict(*args, **options)

    monkeypatch.setattr(small_model, "predict", record_thread)
    return threads


def receive_answers(connection: socket.socket, count: int) -> bytes:
    """Receive so many answers of JSON objects."""
    received = b""
    while received.count(b"HTTP/1.1 200 OK") < count or not received.rstrip().endswith(b"}"):
        data = connection.recv(65536)
        assert data, "the connection was closed"
        received += data
    return received


def test_quick_requests_are_answered_by_the_event_loop(in_process, answering_threads):
    """What takes a moment is answered where it was read; a large body is left to a thread."""
    server = in_process()
    with socket.create_connection(address(server), timeout=TIMEOUT_S) as connection:
        for request in (QUICK, SLOW, QUICK):
            connection.sendall(request)
            receive_answers(connection, 1)

    first, second, third = answering_threads
    assert first is third
    assert first is not second


def test_pipelined_requests_are_answered_in_order(in_process, answering_threads):
    """Whoever answers which, the answers come in the order of the requests."""
    server = in_process()
    with socket.create_connection(address(server), timeout=TIMEOUT_S) as connection:
        connection.sendall(QUICK + QUICK + SLOW + QUICK)
        answers = receive_answers(connection, 4)

    intents = re.findall(rb'"intent":"(\w+)"', answers)
    assert intents == [b"greeting", b"greeting", b"password_reset", b"greeting"]
    assert len(answering_threads) == 4


def test_quick_requests_do_not_wait_for_slow_ones(in_process, small_model, monkeypatch):
    """While each thread works on something large, small requests and probes are answered."""
    server = in_process(threads=1)
    is_working, may_go_on = threading.Event(), threading.Event()
    predict = small_model.predict

    def wait_with_long_texts(utterances: list[str], **options: object) -> object:
        if utterances == ["reset my password"]:
            is_working.set()
            may_go_on.wait(TIMEOUT_S)
        return predict(utterances, **options)

    monkeypatch.setattr(small_model, "predict", wait_with_long_texts)
    with (
        socket.create_connection(address(server), timeout=TIMEOUT_S) as slow,
        socket.create_connection(address(server), timeout=TIMEOUT_S) as quick,
    ):
        slow.sendall(SLOW)
        is_working.wait(TIMEOUT_S)
        quick.sendall(QUICK + b"GET /health HTTP/1.1\r\n\r\n")
        assert receive_answers(quick, 2).endswith(b'{"status":"ok"}')
        may_go_on.set()
        assert b"password_reset" in receive_answers(slow, 1)


def test_answers_wait_for_clients_that_do_not_read(in_process, answering_threads):
    """What the connection does not take at once is kept, and sent when there is room."""
    server = in_process()
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(TIMEOUT_S)
        connection.connect(address(server))
        wait_for(lambda: channels(server))
        [channel] = channels(server)
        channel.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        count = 0
        while not channel.total_outbufs_len:
            connection.sendall(QUICK)
            count += 1
            wait_for(lambda: len(answering_threads) == count or channel.total_outbufs_len)  # noqa: B023
        receive_answers(connection, count)

    assert len(answering_threads) == count


def test_what_flask_answers_is_left_to_a_thread(in_process, monkeypatch):
    """The first request for a rare page imports Flask, which no probe should wait for."""
    threads = []

    def note(*_: object, **__: object) -> None:
        threads.append(threading.current_thread().name)

    monkeypatch.setattr(Telemetry, "_record", note)
    server = in_process()
    with socket.create_connection(address(server), timeout=TIMEOUT_S) as connection:
        for path in (b"/health", b"/model"):
            connection.sendall(b"GET %b HTTP/1.1\r\n\r\n" % path)
            receive_answers(connection, 1)

    probe, rare = threads
    assert not probe.startswith("waitress")
    assert rare.startswith("waitress")


def test_request_that_takes_too_long_to_arrive_is_refused(in_process):
    """A client that begins a request and does not go on is told so, and loses its connection."""
    server = in_process(request_timeout_s=0.1)
    with socket.create_connection(address(server), timeout=TIMEOUT_S) as connection:
        connection.sendall(QUICK[:-1])
        answer = b"".join(iter(lambda: connection.recv(65536), b""))

    assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert answer.endswith(b'{"error":"Request Timeout"}')


def test_request_that_stops_behind_another_is_refused_after_it(in_process, hold):
    """The answer to what arrived in full comes first."""
    server = in_process(request_timeout_s=0.1)
    with (
        hold as is_held,
        socket.create_connection(address(server), timeout=TIMEOUT_S) as connection,
    ):
        connection.sendall(SLOW + QUICK[:-1])
        assert is_held.wait(TIMEOUT_S)
        wait_for(lambda: len(channels(server)[0].requests) == 2)
        hold.may_go_on.set()
        answers = b"".join(iter(lambda: connection.recv(65536), b""))

    assert re.findall(rb"HTTP/1.1 (\d+)", answers) == [b"200", b"408"]


def test_idle_connection_is_closed(in_process, monkeypatch):
    """A connection on which nothing is sent is closed in the end."""
    monkeypatch.setattr(channel_module, "IDLE_S", 0.1)
    server = in_process()
    with socket.create_connection(address(server), timeout=TIMEOUT_S) as connection:
        assert connection.recv(1) == b""


@pytest.mark.parametrize("jump_s", [-86_400, 86_400])
def test_clock_may_jump(in_process, monkeypatch, jump_s):
    """Connections, whole requests or not, outlive a change of the time of day."""
    server = in_process()
    day = time.time
    with socket.create_connection(address(server), timeout=TIMEOUT_S) as connection:
        connection.sendall(QUICK[:-1])
        wait_for(lambda: any(channel.request for channel in channels(server)))
        monkeypatch.setattr(time, "time", lambda: day() + jump_s)
        server._check_at = 0.0
        checked_at = server._loop.now
        wait_for(lambda: server._check_at > checked_at)
        connection.sendall(QUICK[-1:])

        assert b"greeting" in receive_answers(connection, 1)


def test_refused_client_that_stays_is_closed_in_time(in_process, monkeypatch):
    """After a refusal the connection lingers, but not for long."""
    monkeypatch.setattr(channel_module, "LINGER_S", 0.05)
    server = in_process()
    with socket.create_connection(address(server), timeout=TIMEOUT_S) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))

        assert answer.startswith(b"HTTP/1.0 400")
        wait_for(lambda: not channels(server))


def test_refused_client_that_resets_is_closed_at_once(small_model):
    """A connection that is gone can't be shut down in good order, and is just dropped."""
    server = build_server(small_model)
    with socket.create_connection(address(server), timeout=TIMEOUT_S) as connection:
        server._waitress.handle_accept()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    [channel] = channels(server)
    channel.is_lingering = True
    channel.handle_close()

    assert channels(server) == []
    server.stop()
    server.run()


def test_closed_connection_may_be_closed_again(small_model):
    """The event loop may close a connection that the client had closed before its refusal."""
    server = build_server(small_model)
    with socket.create_connection(address(server), timeout=TIMEOUT_S):
        server._waitress.handle_accept()
        [channel] = channels(server)
        channel.handle_close()
        channel.is_lingering = True
        channel.handle_close()

    assert channels(server) == []
    assert channel.linger_until is None
    server.stop()
    server.run()
