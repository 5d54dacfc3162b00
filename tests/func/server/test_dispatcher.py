"""Overload: what is refused, and what is answered all the same."""

from __future__ import annotations

import time

from func.telemetry.recorder import Telemetry
from tests.func.server.test_connection import (
    PROBE,
    QUICK,
    SLOW,
    connect,  # noqa: F401 - a fixture
    receive_responses,
)
from tests.support.servers import connections, send_meanwhile, wait_for

OVERLOADED = b'{"error":"Overloaded; try again later"}'


def test_requests_beyond_the_limit_may_come_again(in_process, connect, hold, caplog):  # noqa: F811
    """As many as may wait are answered, as many are refused, and their connections stay open."""
    server = in_process(max_waiting=2)
    first, *others = (connect(server) for _ in range(6))
    wait_for(lambda: len(connections(server)) == 6)
    send_meanwhile(hold, first, dict.fromkeys(others, QUICK))
    answers = [client.recv(65536) for client in others]
    refused = [answer for answer in answers if answer.startswith(b"HTTP/1.1 503 ")]

    assert len(refused) == 2
    assert sum(answer.startswith(b"HTTP/1.1 200 ") for answer in answers) == 3
    assert all(b"Retry-After: 1\r\n" in answer and OVERLOADED in answer for answer in refused)
    for client in others:
        client.sendall(QUICK)
        assert b"200 OK" in receive_responses(client, 1)
    server.stop()
    wait_for(lambda: "overloaded" in caplog.messages)
    [record] = (record for record in caplog.records if record.getMessage() == "overloaded")
    assert record.fields == {"status": 503, "refused": 2}


def test_probes_are_answered_under_overload(in_process, connect, hold):  # noqa: F811
    """A pod under load is not ended for it."""
    server = in_process(max_waiting=1)
    first, *others = (connect(server) for _ in range(4))
    send_meanwhile(hold, first, dict.fromkeys(others, PROBE))

    for client in others:
        assert b"200 OK" in receive_responses(client, 1)


def test_large_requests_that_find_no_thread_are_refused(in_process, connect, hold):  # noqa: F811
    """While as many wait as may, another one is refused at once."""
    server = in_process(threads=1, max_waiting=1)
    first, second, third = (connect(server) for _ in range(3))
    with hold as is_held:
        first.sendall(SLOW)
        assert is_held.wait(10)
        second.sendall(SLOW)
        wait_for(lambda: server.count_in_flight() == 2)
        third.sendall(SLOW)
        refusal = third.recv(65536)

    assert refusal.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After: 1\r\n" in refusal
    assert b"200 OK" in receive_responses(first, 1)
    assert b"200 OK" in receive_responses(second, 1)


def test_requests_that_waited_too_long_are_refused(in_process, connect, hold):  # noqa: F811
    """No thread works on what nobody waits for."""
    server = in_process(threads=1, request_timeout_s=0.1)
    first, second = connect(server), connect(server)
    with hold as is_held:
        first.sendall(SLOW)
        assert is_held.wait(10)
        second.sendall(SLOW)
        wait_for(lambda: server.count_in_flight() == 2)
        sent_at = time.monotonic()
        wait_for(lambda: time.monotonic() > sent_at + 0.2)

    assert b"200 OK" in receive_responses(first, 1)
    assert second.recv(65536).startswith(b"HTTP/1.1 503 ")


def test_failures_are_responses(in_process, connect, monkeypatch):  # noqa: F811
    """A fault of the app becomes a 500 that quotes nothing, in the loop and in threads."""
    server = in_process()

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("marker")

    monkeypatch.setattr(Telemetry, "record_all", fail)
    for request in (QUICK, SLOW):
        client = connect(server)
        client.sendall(request)
        response = client.recv(65536)
        assert response.startswith(b"HTTP/1.1 500 ")
        assert b"marker" not in response
