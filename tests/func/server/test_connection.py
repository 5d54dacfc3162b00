"""Connections of a real server: who answers, in which order, and how they end."""

from __future__ import annotations

import gzip
import re
import socket
import threading

import pytest

from func.server.dispatcher import MAX_INLINE_BYTES
from tests.support.raw_requests import (
    MUCH_WORK,
    PAGE,
    PROBE,
    QUICK,
    SLOW,
    predict_request,
    receive_all,
    receive_responses,
)
from tests.support.servers import can_connect, connections, wait_for
from tests.support.timeouts import TIMEOUT_S

COMPRESSED = predict_request(
    gzip.compress(b'{"text": "hello"}'),
    b"Content-Encoding: gzip",
    b"Content-Type: application/json",
)


@pytest.fixture
def answering_threads(small_model, monkeypatch):
    """Return the threads that made predictions, in order."""
    threads: list[str] = []
    predict = small_model.predict

    def record_thread(*args: object, **options: object) -> object:
        threads.append(threading.current_thread().name)
        return predict(*args, **options)

    monkeypatch.setattr(small_model, "predict", record_thread)
    return threads


@pytest.mark.parametrize(
    ("request_", "is_inline"),
    [
        pytest.param(QUICK, True, id="small"),
        pytest.param(SLOW, False, id="large-body"),
        pytest.param(COMPRESSED, False, id="compressed-body"),
        pytest.param(MUCH_WORK, False, id="much-work-in-a-small-body"),
    ],
)
def test_work_decides_who_answers(in_process, connect, answering_threads, request_, is_inline):
    """The event loop answers what is cheap; a thread what is large or means much work."""
    client = connect(in_process())
    client.sendall(request_)
    receive_responses(client, 1)

    assert [name != "worker" for name in answering_threads] == [is_inline]


def test_pipelined_requests_are_answered_in_order(in_process, connect, answering_threads):
    """Whoever answers which, the responses come in the order of the requests."""
    client = connect(in_process())
    client.sendall(QUICK + QUICK + SLOW + QUICK)
    intents = re.findall(rb'"intent":"(\w+)"', receive_responses(client, 4))

    assert intents == [b"greeting", b"greeting", b"password_reset", b"greeting"]
    assert answering_threads.count("worker") == 1


def test_requests_that_arrive_together_are_predicted_together(
    in_process, connect, hold, small_model, monkeypatch
):
    """Requests that were read in one iteration need one prediction."""
    sizes = []
    predict = small_model.predict

    def record_size(utterances: list[str], **options: object) -> object:
        sizes.append(len(utterances))
        return predict(utterances, **options)

    monkeypatch.setattr(small_model, "predict", record_size)
    server = in_process()
    first, *others = (connect(server) for _ in range(5))
    wait_for(lambda: len(connections(server)) == 5)
    with hold as is_held:
        first.sendall(QUICK)
        assert is_held.wait(TIMEOUT_S)
        for client in others:
            client.sendall(QUICK)
    for client in (first, *others):
        receive_responses(client, 1)

    assert sizes == [1, 4]


def test_quick_requests_do_not_wait_for_slow_ones(in_process, connect, small_model, monkeypatch):
    """While all threads work, small requests and probes are answered."""
    server = in_process(threads=1)
    is_working, may_go_on = threading.Event(), threading.Event()
    predict = small_model.predict

    def wait_in_threads(utterances: list[str], **options: object) -> object:
        if utterances == ["reset my password"]:
            is_working.set()
            may_go_on.wait(TIMEOUT_S)
        return predict(utterances, **options)

    monkeypatch.setattr(small_model, "predict", wait_in_threads)
    slow, quick = connect(server), connect(server)
    slow.sendall(PROBE + SLOW)
    assert is_working.wait(TIMEOUT_S)
    assert receive_responses(slow, 1).endswith(b'{"status":"ok"}')
    assert server.count_in_flight() == 1
    quick.sendall(QUICK + PROBE)
    assert receive_responses(quick, 2).endswith(b'{"status":"ok"}')
    may_go_on.set()
    assert b"password_reset" in receive_responses(slow, 1)


def test_continue_is_sent_when_a_body_is_awaited(in_process, connect):
    """A client that asks gets a 100 before the response, and its next request gets none."""
    client = connect(in_process())
    head, _, body = predict_request(b'{"text": "hello"}', b"Expect: 100-continue").partition(
        b"\r\n\r\n"
    )
    client.sendall(head + b"\r\n\r\n")
    assert client.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.sendall(body + QUICK)

    assert b"100 Continue" not in receive_responses(client, 2)


def test_too_large_body_is_refused_instead_of_awaited(in_process, connect):
    """No 100 invites a body that would be refused."""
    client = connect(in_process())
    client.sendall(
        b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n"
    )

    assert receive_all(client).startswith(b"HTTP/1.1 413 ")


def test_http_1_0_is_answered_in_its_version(in_process, connect):
    """The response names HTTP/1.0, and the connection ends."""
    client = connect(in_process())
    client.sendall(b"GET /health HTTP/1.0\r\n\r\n" + PROBE)
    response = receive_all(client)

    assert response.startswith(b"HTTP/1.0 200 OK\r\n")
    assert response.count(b"HTTP/1.") == 1


def test_response_to_head_has_no_body(in_process, connect):
    """It announces the length, and the next response follows at once."""
    client = connect(in_process())
    client.sendall(b"HEAD /model HTTP/1.1\r\nHost: a\r\n\r\n" + PROBE)
    first, second = re.split(rb"(?<=\r\n\r\n)(?=HTTP)", receive_responses(client, 2))

    assert re.search(rb"Content-Length: [1-9]", first)
    assert second.endswith(b'{"status":"ok"}')


def test_request_that_takes_too_long_is_refused(in_process, connect):
    """A client that begins a request and does not go on gets a 408."""
    client = connect(in_process(request_timeout_s=0.1))
    client.sendall(QUICK[:-1])
    response = receive_all(client)

    assert response.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert response.endswith(b'{"error":"Request Timeout"}')


def test_request_that_stops_behind_another_is_refused_after_it(in_process, connect, clock):
    """The response to what arrived in full comes first."""
    client = connect(in_process(request_timeout_s=1000))
    client.sendall(SLOW + QUICK[:-1])
    first = client.recv(64)
    clock.ahead_s += 2000

    assert re.findall(rb"HTTP/1.1 (\d+)", first + receive_all(client)) == [b"200", b"408"]


def test_draining_waits_for_requests_and_responses(in_process, connect, clock, hold):
    """Connections that wait for a thread, for bytes, or for their client are not idle."""
    server = in_process(request_timeout_s=1000, shutdown_timeout_s=1000)
    waiting, begun, reading, idle = (connect(server) for _ in range(4))
    begun.sendall(QUICK[:40])
    reading.sendall(PAGE * 8)
    wait_for(lambda: server.shared.held_bytes > MAX_INLINE_BYTES)
    with hold as is_held:
        waiting.sendall(SLOW)
        assert is_held.wait(TIMEOUT_S)
        server.stop()
        wait_for(lambda: not can_connect(server.port))
        clock.ahead_s += 100
        assert idle.recv(1) == b""
        assert server.count_in_flight() == 1
    begun.sendall(QUICK[40:])

    assert b"200 OK" in receive_all(waiting)
    assert b"200 OK" in receive_all(begun)
    assert receive_all(reading).count(b"200 OK") == 8


def test_bodies_count_until_they_are_answered(in_process, connect, hold):
    """A request that a thread works on is held as well as one that arrives."""
    server = in_process()
    client = connect(server)
    with hold as is_held:
        client.sendall(SLOW)
        assert is_held.wait(TIMEOUT_S)
        wait_for(lambda: server.shared.held_bytes > MAX_INLINE_BYTES)
    receive_responses(client, 1)

    wait_for(lambda: server.shared.held_bytes == 0)


def test_client_that_resets_while_a_thread_works_is_forgotten(in_process, connect, hold):
    """Its connection ends at once, and its response goes nowhere."""
    server = in_process()
    client = connect(server)
    with hold as is_held:
        client.sendall(SLOW)
        assert is_held.wait(TIMEOUT_S)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()
        wait_for(lambda: not connections(server))
    other = connect(server)
    other.sendall(SLOW)
    assert b"password_reset" in receive_responses(other, 1)


def test_client_that_ends_its_side_while_its_request_waits_is_answered(in_process, connect, hold):
    """It sends nothing more, but it still reads: its request is not dropped."""
    server = in_process(threads=1)
    first, second = connect(server), connect(server)
    with hold as is_held:
        first.sendall(SLOW)
        assert is_held.wait(TIMEOUT_S)
        second.sendall(SLOW)
        second.shutdown(socket.SHUT_WR)
        wait_for(lambda: server.count_in_flight() == 2)

    assert b"password_reset" in receive_responses(second, 1)


def test_responses_that_no_memory_is_left_for_are_refusals(in_process, connect):
    """The bound holds whatever is asked for."""
    server = in_process()
    server.shared.max_held_bytes = 100_000
    client = connect(server)
    client.sendall(PAGE)

    assert receive_all(client).startswith(b"HTTP/1.1 503 ")


def test_bodies_share_a_limit(in_process, connect):
    """Many clients that send slowly can't fill the memory."""
    server = in_process()
    server.shared.max_held_bytes = len(SLOW) * 3 // 2
    first, second = connect(server), connect(server)
    first.sendall(SLOW[:-1])
    wait_for(lambda: server.shared.held_bytes > 4000)
    second.sendall(SLOW[:-1])
    refusal = receive_all(second)
    first.sendall(SLOW[-1:])

    assert refusal.startswith(b"HTTP/1.1 503 ")
    assert b"200 OK" in receive_responses(first, 1)
