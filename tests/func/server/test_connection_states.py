"""One connection without a server: what it does at moments that a network makes seldom."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from contextlib import closing
from http import HTTPStatus
from typing import Any

import pytest

from func.server.acceptor import Acceptor
from func.server.connection import Connection, Shared
from func.server.event_loop import EventLoop
from func.server.listener import bind

REQUEST = b"GET /health HTTP/1.1\r\nHost: test\r\n\r\n"
JSON = [("Content-Type", "application/json")]
LARGE = b"x" * 8_000_000


@pytest.fixture
def shared() -> Iterator[Shared]:
    """What connections share, with a loop that the test runs."""
    loop = EventLoop()
    shared = Shared(
        loop=loop,
        on_request=lambda *_: None,
        on_refusal=lambda _: None,
        max_header_bytes=8192,
        max_body_bytes=65536,
        request_timeout_s=30,
        max_held_bytes=64_000_000,
    )
    yield shared
    for connection in list(shared.open):
        connection.close()
    loop.close()


@pytest.fixture
def client_and_connection(shared: Shared) -> Iterator[tuple[socket.socket, Connection]]:
    """A client, and the server's side of its connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        accepted, _ = listener.accept()
    with closing(client):
        yield client, Connection(accepted, shared)


@pytest.fixture
def client(client_and_connection: tuple[socket.socket, Connection]) -> socket.socket:
    """The client's side."""
    return client_and_connection[0]


@pytest.fixture
def connection(client_and_connection: tuple[socket.socket, Connection]) -> Connection:
    """The server's side."""
    return client_and_connection[1]


def receive_request(shared: Shared, client: socket.socket, connection: Connection) -> None:
    """Send a request, and run the loop until it has arrived."""
    client.sendall(REQUEST)
    while connection.request is None:
        shared.loop.run_once(1)


def test_event_without_bytes_changes_nothing(shared, connection):
    """A socket that was reported as readable may have nothing to read (select(2), BUGS)."""
    connection.handle(select.EPOLLIN)

    assert shared.open == {connection}


def test_event_without_room_changes_nothing(shared, client, connection):
    """A socket that was reported as writable may have no room left."""
    receive_request(shared, client, connection)
    connection.respond("200 OK", JSON, LARGE)
    held = shared.held_bytes
    connection.handle(select.EPOLLOUT)

    assert shared.open == {connection}
    assert shared.held_bytes == held > len(LARGE) // 2


def test_response_to_a_client_that_has_gone_is_dropped(shared, client, connection):
    """A reset that the loop has not seen yet ends the connection when it responds."""
    receive_request(shared, client, connection)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()
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


class AbortingListener(socket.socket):
    """A listener whose first client has gone before it is accepted."""

    aborts = 1

    def accept(self) -> Any:
        """Raise once, then accept."""
        if self.aborts:
            self.aborts -= 1
            raise ConnectionAbortedError
        return super().accept()


def test_client_that_has_gone_does_not_stop_the_accepting(shared):
    """The next client is accepted in the same iteration."""
    bound = bind("127.0.0.1", 0)
    acceptor = Acceptor(
        AbortingListener(fileno=bound.detach()), shared, max_connections=9, backlog=9
    )
    with socket.create_connection(("127.0.0.1", acceptor.port)):
        shared.loop.run_once(1)
        assert len(shared.open) == 1
        acceptor.close()


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
