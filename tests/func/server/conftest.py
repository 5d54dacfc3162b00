"""Fixtures: clients of real servers, and connections without a server."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from func.server import dispatcher as dispatcher_module
from func.server import event_loop as event_loop_module
from func.server.connection import Connection, Shared
from func.server.event_loop import EventLoop
from tests.support.clock import Clock
from tests.support.servers import address
from tests.support.timeouts import TIMEOUT_S

BUFFER_BYTES = 64 * 1024


@pytest.fixture
def connect():
    """Open connections that are closed in the end."""
    with ExitStack() as stack:

        def connect(server):
            connection = socket.create_connection(address(server), timeout=TIMEOUT_S)
            return stack.enter_context(connection)

        yield connect


@pytest.fixture
def clock(monkeypatch):
    """The clock of event loops and dispatchers, which a test can advance."""
    clock = Clock()
    for module in (event_loop_module, dispatcher_module):
        monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def shared() -> Iterator[Shared]:
    """The parts that connections share, with a loop that the test runs."""
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
    """A client, and the server's side of its connection; the system buffers little for them."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname(), timeout=TIMEOUT_S)
        accepted, _ = listener.accept()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
    accepted.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
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
