"""Overload: what is refused, and what is answered all the same."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

from func.app import App
from func.handler import IntentFunction
from func.server import responses
from func.server.connection import Connection
from func.server.dispatcher import Dispatcher
from func.server.event_loop import EventLoop
from func.server.request_reader import RequestReader
from func.telemetry.recorder import Telemetry
from tests.func.server.test_connection import (
    PROBE,
    QUICK,
    SLOW,
    clock,  # noqa: F401 - a fixture
    connect,  # noqa: F401 - a fixture
    receive_responses,
)
from tests.support.servers import connections, send_meanwhile, wait_for
from tests.support.timeouts import TIMEOUT_S

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
        assert is_held.wait(TIMEOUT_S)
        second.sendall(SLOW)
        wait_for(lambda: server.count_in_flight() == 2)
        third.sendall(SLOW)
        refusal = third.recv(65536)

    assert refusal.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After: 1\r\n" in refusal
    assert b"200 OK" in receive_responses(first, 1)
    assert b"200 OK" in receive_responses(second, 1)


def test_requests_that_waited_too_long_are_refused(in_process, connect, clock, hold):  # noqa: F811
    """No thread works on what nobody waits for."""
    server = in_process(threads=1, request_timeout_s=1000)
    first, second = connect(server), connect(server)
    with hold as is_held:
        first.sendall(SLOW)
        assert is_held.wait(TIMEOUT_S)
        second.sendall(SLOW)
        wait_for(lambda: server.count_in_flight() == 2)
        clock.ahead_s += 1001

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


def test_response_that_can_not_be_encoded_ends_one_connection(in_process, connect, monkeypatch):  # noqa: F811
    """Whoever made it, the event loop goes on."""
    server = in_process()

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("marker")

    with monkeypatch.context() as patch:
        patch.setattr(responses, "encode", fail)
        for request in (QUICK, SLOW):
            client = connect(server)
            client.sendall(request)
            assert client.recv(65536) == b""
    client = connect(server)
    client.sendall(QUICK)

    assert b"200 OK" in receive_responses(client, 1)


def test_responses_of_threads_are_bounded_until_the_loop_takes_them(
    small_model, settings, monkeypatch
):
    """While the loop is busy, threads that have finished hold few responses."""
    monkeypatch.setattr("func.server.dispatcher.MAX_FINISHED_BYTES", 1)
    taken: list[Callable[[], None]] = []
    statuses: list[str] = []
    dispatcher = Dispatcher(App(IntentFunction(small_model, settings)), settings)
    dispatcher.loop = cast("EventLoop", SimpleNamespace(call_soon=taken.append))
    client = cast("Connection", SimpleNamespace(respond=lambda status, *_: statuses.append(status)))
    reader = RequestReader(8192, 65536)
    reader.feed(SLOW * 2)
    for _ in range(2):
        request = reader.next_request()
        assert request
        dispatcher.on_request(client, request)
    wait_for(lambda: len(taken) == 2)
    for finish in taken:
        finish()

    assert sorted(statuses) == ["200 OK", "503 Service Unavailable"]
