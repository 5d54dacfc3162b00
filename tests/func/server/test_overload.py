"""Overload: what is refused, and what still gets its answer."""

from __future__ import annotations

import socket
from contextlib import ExitStack

import pytest

from func.server import overload as admission_module
from func.server.event_loop import EventLoop
from func.server.overload import Admission, is_whole_post
from func.settings import Settings
from func.telemetry.recorder import Telemetry
from tests.func.server.test_connection import QUICK, SLOW, receive_answers
from tests.support.servers import address, channels, send_meanwhile, wait_for
from tests.support.timeouts import TIMEOUT_S

PROBE = b"GET /health HTTP/1.1\r\nHost: test\r\n\r\n"
OVERLOADED = b'{"error":"Overloaded; try again later"}'


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(QUICK, True, id="whole"),
        pytest.param(QUICK[:-1], False, id="cut-off"),
        pytest.param(QUICK + QUICK, False, id="pipelined"),
        pytest.param(PROBE, False, id="probe"),
        pytest.param(b"POST / HTTP/1.1\r\nHost: test\r\n\r\n", False, id="no-length"),
        pytest.param(b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", True, id="empty"),
        pytest.param(
            QUICK.replace(b"Host:", b"Connection: close\r\nHost:"), False, id="last-of-connection"
        ),
        pytest.param(
            QUICK.replace(b"Host:", b"Connection: Keep-Alive \r\nHost:"), True, id="kept-alive"
        ),
        pytest.param(
            QUICK.replace(b"\r\n\r\n", b"\r\nConnection:keep-alive\r\n\r\n"),
            True,
            id="kept-alive-last",
        ),
        pytest.param(
            QUICK.replace(b"Host:", b"Connection: keep-alive, x\r\nHost:"),
            False,
            id="kept-and-more",
        ),
        pytest.param(
            QUICK.replace(b"Host:", b"Transfer-Encoding: chunked\r\nHost:"), False, id="chunked"
        ),
        pytest.param(
            QUICK.replace(b"Host:", b"Content-Length: 3\r\nHost:"), False, id="two-lengths"
        ),
        pytest.param(
            QUICK.replace(b"Content-Length:", b"X-Content-Length:"), False, id="other-header"
        ),
    ],
)
def test_only_plain_requests_are_refused_unread(data, expected):
    """What is not plainly one whole POST request is read in full before it is refused."""
    assert is_whole_post(data) is expected


@pytest.fixture
def connect():
    """Open connections that are closed in the end."""
    with ExitStack() as stack:

        def connect(server):
            connection = socket.create_connection(address(server), timeout=TIMEOUT_S)
            return stack.enter_context(connection)

        yield connect


@pytest.mark.parametrize("host", [b"Host:", b"Connection: keep-alive\r\nHost:"])
def test_requests_beyond_the_limit_may_come_again(in_process, connect, hold, caplog, host):
    """As many as may wait are answered, as many are told when to come again, and others wait."""
    server = in_process(max_waiting=2)
    first, *others = (connect(server) for _ in range(6))
    send_meanwhile(hold, first, dict.fromkeys(others, QUICK.replace(b"Host:", host)))
    answers = [connection.recv(65536) for connection in others]
    refused = [answer for answer in answers if answer.startswith(b"HTTP/1.1 503 ")]

    assert len(refused) == 2
    assert sum(answer.startswith(b"HTTP/1.1 200 ") for answer in answers) == 3
    assert all(b"Retry-After: 1\r\n" in answer and OVERLOADED in answer for answer in refused)
    assert b"200 OK" in receive_answers(first, 1)
    for connection in others:
        connection.sendall(QUICK)
        assert b"200 OK" in receive_answers(connection, 1)
    wait_for(lambda: "overloaded" in caplog.messages)
    [record] = (record for record in caplog.records if record.getMessage() == "overloaded")
    assert record.fields == {"status": 503, "refused": 2}


def test_last_refusals_are_told_at_the_end(in_process, connect, hold, caplog, monkeypatch):
    """Those of the last moments before the end are counted and logged, too."""
    monkeypatch.setattr(
        "func.server.server.POLL_S", 60.0
    )  # so long until they would be told anyway
    server = in_process(max_waiting=1)
    first, *others = (connect(server) for _ in range(3))
    send_meanwhile(hold, first, dict.fromkeys(others, QUICK))
    statuses = sorted(connection.recv(65536)[9:12] for connection in others)
    server.stop()

    assert statuses == [b"200", b"503"]
    wait_for(lambda: "overloaded" in caplog.messages)


def test_requests_in_parts_are_refused_too(in_process, connect, hold):
    """A request whose body comes after its head is refused when it is complete."""
    server = in_process(max_waiting=1)
    first, *others = (connect(server) for _ in range(3))
    for connection in others:
        connection.sendall(QUICK[:-5])
    wait_for(lambda: sum(channel.request is not None for channel in channels(server)) == 2)
    send_meanwhile(hold, first, dict.fromkeys(others, QUICK[-5:]))
    answers = [connection.recv(65536) for connection in others]

    assert sorted(answer[9:12] for answer in answers) == [b"200", b"503"]


def test_probes_are_answered_under_overload(in_process, connect, hold):
    """A pod that has much to do is not ended for it."""
    server = in_process(max_waiting=1)
    first, *others = (connect(server) for _ in range(4))
    send_meanwhile(hold, first, dict.fromkeys(others, PROBE))

    for connection in others:
        assert b"200 OK" in receive_answers(connection, 1)


def test_large_requests_that_find_no_thread_are_refused(in_process, connect, hold):
    """While as many wait as may, another one is told so at once."""
    server = in_process(threads=1, max_waiting=1)
    first, second, third = (connect(server) for _ in range(3))
    with hold as is_held:
        first.sendall(SLOW)
        assert is_held.wait(TIMEOUT_S)
        second.sendall(SLOW)
        wait_for(lambda: server._waitress.task_dispatcher.queue)
        third.sendall(SLOW)
        refusal = b"".join(iter(lambda: third.recv(65536), b""))

    assert refusal.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After: 1\r\n" in refusal
    assert b"200 OK" in receive_answers(first, 1)
    assert b"200 OK" in receive_answers(second, 1)


def test_requests_that_waited_too_long_are_refused(in_process, connect, hold):
    """Whoever sent it has given up: no thread works on what nobody waits for."""
    server = in_process(threads=1, request_timeout_s=0.1)
    first, second = connect(server), connect(server)
    with hold as is_held:
        first.sendall(SLOW)
        assert is_held.wait(TIMEOUT_S)
        second.sendall(SLOW)
        wait_for(lambda: server._waitress.task_dispatcher.queue)
        [channel] = (each for each in channels(server) if each.addr == second.getsockname())
        channel._active_at -= 1

    assert b"200 OK" in receive_answers(first, 1)
    assert second.recv(65536).startswith(b"HTTP/1.1 503 ")


def test_bodies_share_a_limit(in_process, connect, monkeypatch):
    """Many clients that send slowly can't fill the memory."""
    monkeypatch.setattr(admission_module, "MAX_HELD_BYTES", len(SLOW) * 3 // 2)
    server = in_process()
    first, second = connect(server), connect(server)
    first.sendall(SLOW[:-1])
    wait_for(lambda: any(channel.request for channel in channels(server)))
    second.sendall(SLOW[:-1])
    refusal = b"".join(iter(lambda: second.recv(65536), b""))
    first.sendall(SLOW[-1:])

    assert refusal.startswith(b"HTTP/1.1 503 ")
    assert b"200 OK" in receive_answers(first, 1)


def test_what_is_held_is_counted_anew():
    """What connections no longer hold makes room again."""
    admission = Admission(EventLoop(), Settings(), Telemetry())

    assert admission.reserve(admission_module.MAX_HELD_BYTES)
    assert not admission.reserve(1)
    admission.refresh([])
    assert admission.reserve(1)
