"""Clients that send part of a request and then stop or slow down."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from benchmarks.load.http_client import HOST


@contextmanager
def half_sent(port: int, request: bytes, count: int) -> Iterator[list[socket.socket]]:
    """Hold open connections that have each sent half of a request."""
    with ExitStack() as stack:
        connections = []
        for _ in range(count):
            connection = stack.enter_context(socket.create_connection((HOST, port)))
            connection.sendall(request[: len(request) // 2])
            connections.append(connection)
        yield connections


@contextmanager
def byte_by_byte(port: int, request: bytes, count: int) -> Iterator[None]:
    """Hold open connections that each send the rest of a request at one byte per second."""
    has_ended = threading.Event()
    rest = request[len(request) // 2 :]

    def send() -> None:
        for byte in rest:
            for connection in connections:
                connection.send(bytes([byte]))
            if has_ended.wait(1):
                break

    with half_sent(port, request, count) as connections:
        thread = threading.Thread(target=send)
        thread.start()
        yield
        has_ended.set()
        thread.join()
