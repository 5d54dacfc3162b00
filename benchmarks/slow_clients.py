"""Clients that begin a request and do not go on."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from benchmarks.wire import HOST


@contextmanager
def half_sent(port: int, request: bytes, count: int) -> Iterator[None]:
    """Hold connections that have sent half of a request each."""
    with ExitStack() as stack:
        for _ in range(count):
            connection = stack.enter_context(socket.create_connection((HOST, port)))
            connection.sendall(request[: len(request) // 2])
        yield
