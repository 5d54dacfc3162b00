"""One connection without a server: what it does at moments that a network makes seldom."""

from __future__ import annotations

import re
import select
import socket
import tracemalloc
from collections.abc import Callable, Sequence
from http import HTTPStatus

import pytest

from func.server.chunked_body import MAX_CHUNKS
from func.server.connection import IDLE_S, LINGER_S, SMALL_BYTES, Connection, Shared
from tests.support.event_loops import run_idle, run_until
from tests.support.raw_requests import receive_all

REQUEST = b"GET /health HTTP/1.1\r\nHost: test\r\n\r\n"
JSON = [("Content-Type", "application/json")]
LARGE = b"x" * 2_000_000
Step = Callable[[Connection, object], None]


def receive_request(shared: Shared, client: socket.socket, connection: Connection) -> None:
    """Send a request, and run the loop until it has arrived."""
    client.sendall(REQUEST)
    run_until(shared.loop, lambda: connection.request)


def receive_part(shared: Shared, client: socket.socket, part: bytes) -> None:
    """Send a part of a request, and run the loop until it is held."""
    held = shared.held_bytes
    client.sendall(part)
    run_until(shared.loop, lambda: shared.held_bytes > held)


def respond_at_once(connection: Connection, _: object) -> None:
    """Answer a request as soon as it has arrived."""
    connection.respond("200 OK", JSON, b"{}")


def reset(client: socket.socket) -> None:
    """Close a connection in a way that drops what is under way."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()


def statuses(client: socket.socket) -> list[bytes]:
    """Return the statuses of all responses until the server closes."""
    return re.findall(rb"HTTP/1.1 (\d+)", receive_all(client))


def test_event_without_bytes_changes_nothing(shared, connection):
    """A socket that was reported as readable may have nothing to read (select(2), BUGS)."""
    connection.handle(select.EPOLLIN)

    assert shared.open == {connection}


def test_event_without_room_changes_nothing(shared, client, connection):
    """A socket that was reported as writable may have no room left."""
    receive_request(shared, client, connection)
    connection.respond("200 OK", JSON, LARGE)
    held = shared.held_bytes
    run_idle(shared.loop)
    for _ in range(9):  # the first may find a little room
        connection.handle(select.EPOLLOUT)

    assert shared.open == {connection}
    assert shared.held_bytes == held > len(LARGE) // 2


def test_response_to_a_client_that_has_gone_is_dropped(shared, client, connection):
    """A reset that the loop has not seen yet ends the connection when it responds."""
    receive_request(shared, client, connection)
    reset(client)
    connection.respond("200 OK", JSON, b"{}")

    assert not shared.open
    assert shared.held_bytes == 0


def test_request_that_has_arrived_in_time_is_no_timeout(shared, client, connection):
    """Bytes that wait in the kernel count, though the loop was too busy to read them."""
    client.sendall(REQUEST[:10])
    shared.loop.run_once(1)
    client.sendall(REQUEST[10:])
    shared.loop.now += 31
    connection.check_deadline()

    assert connection.request is not None
    assert connection.request.head.environ["PATH_INFO"] == "/health"


def test_tiny_chunks_leave_time_to_others(shared, client, connection):
    """The loop goes on with them in its next iterations, however late, and reads no more yet."""
    chunks = b"1\r\nx\r\n" * (MAX_CHUNKS + 1)
    head = b"POST /predict HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n"
    client.sendall(head + chunks + b"0\r\n\r\n")
    shared.loop.run_once(1)
    shared.loop.now += 31
    connection.check_deadline()
    waiting = connection.request
    assert waiting is None
    run_until(shared.loop, lambda: connection.request)

    assert connection.request.body == b"x" * (MAX_CHUNKS + 1)
    connection.respond("200 OK", JSON, b"{}")
    assert client.recv(65536).startswith(b"HTTP/1.1 200 OK")


def test_requests_under_way_have_no_deadline(shared, client, connection):
    """The app may take its time."""
    receive_request(shared, client, connection)
    shared.loop.now += 1_000_000
    connection.check_deadline()

    assert shared.open == {connection}


def test_socket_is_watched_for_one_thing_while_requests_come_one_by_one(
    shared, client, connection, monkeypatch
):
    """The system is asked to watch something else only where the client does not wait."""
    watched: list[int] = []
    monkeypatch.setattr(shared.loop, "modify", lambda _, flags: watched.append(flags))
    for _ in range(3):
        receive_request(shared, client, connection)
        connection.respond("200 OK", JSON, b"{}")

    assert watched == []


def test_early_request_waits_unread_without_waking_the_loop(
    shared, client, connection, monkeypatch
):
    """The next request is read once the response is sent, and keeps nobody busy until then."""
    modify, watched = shared.loop.modify, []

    def record(fd: int, flags: int) -> None:
        watched.append(flags)
        modify(fd, flags)

    monkeypatch.setattr(shared.loop, "modify", record)
    receive_request(shared, client, connection)
    held = shared.held_bytes
    client.sendall(REQUEST)
    while not watched:
        shared.loop.run_once(1)
    shared.loop.run_once(0)

    assert watched == [0]
    assert shared.held_bytes == held
    connection.respond("200 OK", JSON, b"{}")
    while connection.request is None:
        shared.loop.run_once(1)
    assert watched == [0, select.EPOLLIN]


@pytest.mark.usefixtures("connection")
def test_refusals_are_reported(shared, client):
    """The status of a malformed request is passed on, and sent."""
    refused: list[HTTPStatus] = []
    shared.on_refusal = refused.append
    client.sendall(b"GET / HTTP/1.1\r\n\r\n")
    shared.loop.run_once(1)

    assert refused == [HTTPStatus.BAD_REQUEST]
    assert client.recv(65536).startswith(b"HTTP/1.1 400 ")


def test_closing_twice_is_closing_once(shared, connection):
    """Whoever closes second finds nothing to do."""
    connection.close()
    connection.close()

    assert not shared.open


def test_closed_connection_hands_over_no_further_request(shared, client, connection):
    """A pipelined request behind a response is dropped with its connection."""
    client.sendall(REQUEST * 2)
    while connection.request is None:
        shared.loop.run_once(1)
    connection.respond("200 OK", JSON, b"{}")
    connection.close()
    shared.loop.run_once(1)

    assert connection.request is None


def test_reset_between_pipelined_requests_ends_one_connection(shared, client):
    """A refusal that can't be sent any more is an error of its own connection, not of the loop."""

    def respond_to_the_last(connection: Connection, request: object) -> None:
        respond_at_once(connection, request)
        reset(client)

    shared.on_request = respond_to_the_last
    client.sendall(REQUEST + b"nonsense\r\n\r\n")
    run_until(shared.loop, lambda: not shared.open)


@pytest.mark.parametrize("count", [1, 2])
def test_fault_of_the_app_ends_one_connection(shared, client, caplog, count):
    """The error is logged, and the loop goes on; the request may have waited behind another."""
    steps: Sequence[Step] = (respond_at_once, fail)
    remaining = iter(steps[-count:])

    def take_step(connection: Connection, request: object) -> None:
        next(remaining)(connection, request)

    shared.on_request = take_step
    client.sendall(REQUEST * count)
    run_until(shared.loop, lambda: not shared.open)

    assert caplog.messages == ["A connection failed"]


def fail(*_: object) -> None:
    """Raise an error that nobody expects."""
    raise RuntimeError("marker")


def test_request_counts_until_it_is_answered(shared, client, connection):
    """Its head and its body, whoever works on it."""
    client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 999\r\n\r\n" + b"x" * 999)
    run_until(shared.loop, lambda: connection.request)
    assert shared.held_bytes == connection.request.held_bytes > 999
    connection.respond("200 OK", JSON, b"{}")

    assert shared.held_bytes == 0


def test_response_that_can_not_be_encoded_ends_one_connection(shared, client, connection, caplog):
    """A header beyond Latin-1 can't be sent."""
    receive_request(shared, client, connection)
    connection.respond("200 OK", [("X", "\u20ac")], b"{}")

    assert not shared.open
    assert caplog.messages == ["A connection failed"]


def test_response_that_nobody_awaits_is_dropped(client, connection, shared):
    """Whoever answers twice changes nothing."""
    receive_request(shared, client, connection)
    connection.respond("200 OK", JSON, b"{}")
    connection.respond("404 Not Found", JSON, b"{}")
    connection.close()

    assert statuses(client) == [b"200"]


def test_reset_is_seen_while_a_response_is_awaited(shared, client, connection):
    """The connection and its request are dropped; the later response goes nowhere."""
    receive_request(shared, client, connection)
    reset(client)
    run_until(shared.loop, lambda: not shared.open)
    connection.respond("200 OK", JSON, b"{}")

    assert shared.held_bytes == 0
    assert connection.request is None


def test_closed_connection_holds_no_bytes(shared, client, connection):
    """A task that waits for a thread may refer to it long after its bytes are counted no more."""
    tracemalloc.start()
    body = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n" + b"x" * 50_000
    client.sendall(body + REQUEST + b"x" * 5000)
    del body
    run_until(shared.loop, lambda: connection.request)
    reset(client)
    run_until(shared.loop, lambda: not shared.open)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert held < 20_000


def test_all_requests_of_a_client_that_ends_its_side_are_answered(shared, client):
    """The end of what it sends is seen behind the last request, however many came at once."""
    shared.on_request = respond_at_once
    client.sendall(REQUEST * 5)
    client.shutdown(socket.SHUT_WR)
    run_until(shared.loop, lambda: not shared.open)

    assert statuses(client) == [b"200"] * 5


def test_continue_is_sent_once(shared, client, connection):
    """When a body is awaited, and not again for its parts or the next request."""
    shared.on_request = respond_at_once
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
    receive_part(shared, client, head + b"Expect: 100-continue\r\n\r\n")
    run_idle(shared.loop)
    assert client.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
    receive_part(shared, client, b"h")
    client.sendall(b"i" + head + b"\r\n")
    run_until(shared.loop, lambda: client_has_data(client))
    run_idle(shared.loop)
    connection.close()

    assert statuses(client) == [b"200"]


def client_has_data(client: socket.socket) -> bool:
    """Return whether the client can receive."""
    return bool(select.select([client], [], [], 0)[0])


def test_request_that_does_not_go_on_is_refused_in_time(shared, client, connection, clock):
    """The time counts from the first byte, and no further part extends it."""
    for part in (REQUEST[:1], REQUEST[1:2], REQUEST[2:3]):
        receive_part(shared, client, part)
        connection.check_deadline()
        clock.ahead_s += 14
    shared.loop.run_once(0)
    connection.check_deadline()

    assert receive_all(client).startswith(b"HTTP/1.1 408 ")


def test_each_request_has_its_own_time(shared, client, connection, clock):
    """However long the ones before it took."""
    for _ in range(3):
        receive_part(shared, client, REQUEST[:20])
        clock.ahead_s += 29
        shared.loop.run_once(0)
        connection.check_deadline()
        client.sendall(REQUEST[20:])
        run_until(shared.loop, lambda: connection.request)
        respond_at_once(connection, None)

    assert shared.open == {connection}


def test_begun_request_behind_another_has_its_own_time(shared, client, connection, clock):
    """It begins when the response before it is sent."""
    client.sendall(REQUEST + REQUEST[:10])
    run_until(shared.loop, lambda: connection.request)
    clock.ahead_s += 1000
    shared.loop.run_once(0)
    respond_at_once(connection, None)
    clock.ahead_s += 29
    run_idle(shared.loop)
    connection.check_deadline()
    assert shared.open == {connection}
    clock.ahead_s += 2
    run_idle(shared.loop)
    connection.check_deadline()

    assert statuses(client) == [b"200", b"408"]


@pytest.mark.parametrize("sent", [b"", REQUEST], ids=["from-the-start", "behind-a-response"])
def test_idle_connection_is_closed(shared, client, connection, clock, sent):
    """Without a request, after the time for idle connections."""
    shared.on_request = respond_at_once
    client.sendall(sent)
    run_idle(shared.loop)
    for ahead_s, is_open in ((IDLE_S - 1, True), (IDLE_S + 1, False)):
        clock.ahead_s = ahead_s
        shared.loop.run_once(0)
        connection.check_deadline()
        assert bool(shared.open) is is_open


def test_empty_lines_gain_no_time(shared, client, connection, clock):
    """A connection on which nothing else arrives is idle, also while the server drains."""
    for ahead_s in (IDLE_S / 2, IDLE_S - 1):
        clock.ahead_s = ahead_s
        client.sendall(b"\r\n")
        run_idle(shared.loop)
        connection.check_deadline()
        assert shared.open == {connection}
    clock.ahead_s = IDLE_S + 1
    shared.loop.run_once(0)
    connection.check_deadline()

    assert not shared.open


def test_draining_does_not_wait_for_empty_lines(shared, client, connection, clock):
    """They announce no request."""
    clock.ahead_s += 10
    client.sendall(b"\r\n")
    run_idle(shared.loop)
    connection.close_if_idle()

    assert not shared.open


@pytest.mark.parametrize("before", [b"", REQUEST], ids=["from-the-start", "behind-a-request"])
def test_empty_lines_without_end_are_refused(shared, client, before):
    """They would keep the loop busy."""
    shared.on_request = respond_at_once
    client.sendall(before + b"\r\n" * 1000)
    run_until(shared.loop, lambda: client_has_data(client))
    run_idle(shared.loop)

    assert statuses(client) == [b"200"] * bool(before) + [b"400"]


def test_client_that_does_not_read_is_cut_off(shared, client, connection, clock):
    """Its time begins anew whenever it takes a part of the response."""
    receive_request(shared, client, connection)
    connection.respond("200 OK", JSON, LARGE)
    clock.ahead_s += 29
    held = shared.held_bytes
    while client_has_data(client):
        assert client.recv(1_000_000)
    run_idle(shared.loop)
    clock.ahead_s += 29
    shared.loop.run_once(0)
    connection.check_deadline()
    assert shared.held_bytes == held > len(LARGE)
    clock.ahead_s += 2
    shared.loop.run_once(0)
    connection.check_deadline()

    assert not shared.open
    assert shared.held_bytes == 0


def test_refused_client_that_stays_is_closed_in_time(shared, client, connection, clock):
    """Its bytes are dropped; the wait for its end is short."""
    client.sendall(b"nonsense\r\n\r\n")
    run_until(shared.loop, lambda: client_has_data(client))
    client.sendall(REQUEST)
    run_idle(shared.loop)
    connection.check_deadline()
    assert shared.open == {connection}
    clock.ahead_s += LINGER_S + 1
    shared.loop.run_once(0)
    connection.check_deadline()

    assert not shared.open


def test_refused_client_that_ends_is_closed_at_once(shared, client):
    """Nothing more is awaited from it."""
    client.sendall(b"nonsense\r\n\r\n")
    run_until(shared.loop, lambda: client_has_data(client))
    assert statuses(client) == [b"400"]
    client.close()

    run_until(shared.loop, lambda: not shared.open)


def test_draining_closes_only_what_is_idle(shared, client, connection, clock):
    """Neither a begun request, nor one under way, nor an unsent response is idle."""

    def is_open_in_the_end() -> bool:
        clock.ahead_s += 10
        shared.loop.run_once(0)
        connection.close_if_idle()
        return bool(shared.open)

    receive_part(shared, client, REQUEST[:10])
    assert is_open_in_the_end()
    client.sendall(REQUEST[10:])
    run_until(shared.loop, lambda: connection.request)
    assert is_open_in_the_end()
    connection.respond("200 OK", JSON, LARGE)
    assert is_open_in_the_end()
    received = 0
    while received < len(LARGE):
        received += len(client.recv(1_000_000))
        shared.loop.run_once(0)
    connection.close_if_idle()
    assert shared.open == {connection}
    assert not is_open_in_the_end()


def test_last_response_of_a_draining_server_announces_the_end(shared, client):
    """A request that has begun to arrive is answered first."""
    shared.on_request = respond_at_once
    shared.is_draining = True
    client.sendall(REQUEST * 2)
    run_idle(shared.loop)
    received = receive_all(client)

    assert received.count(b"200 OK") == 2
    assert received.count(b"Connection: close") == 1


def test_begun_requests_share_the_memory(shared, client):
    """Long heads, many headers and bodies count; a request that exceeds the bound is refused."""
    shared.max_held_bytes = 20_000
    headers = b"".join(b"a%d:\r\n" % number for number in range(100))
    client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n" + headers + b"\r\n")
    run_idle(shared.loop)

    assert statuses(client) == [b"503"]


def test_pipelined_requests_share_the_memory(shared, client):
    """Bytes that wait behind a request count as well."""
    shared.on_request = respond_at_once
    shared.max_held_bytes = 1000
    client.sendall(REQUEST * 100)
    run_idle(shared.loop)

    assert statuses(client) == [b"503"]


@pytest.mark.parametrize(
    ("body_bytes", "status"), [(SMALL_BYTES, b"200"), (SMALL_BYTES + 1, b"503")]
)
def test_only_small_responses_are_sent_without_memory(
    shared, client, connection, body_bytes, status
):
    """Clients that don't read can fill the memory, and probes are answered all the same."""
    shared.held_bytes = shared.max_held_bytes
    receive_request(shared, client, connection)
    connection.respond("200 OK", [], b"x" * body_bytes)
    connection.close()

    assert statuses(client) == [status]
