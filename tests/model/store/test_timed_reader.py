"""Reads that end by one deadline."""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Iterator

import pytest

from model.store.timed_reader import TimedReader
from tests.support.timeouts import TIMEOUT_S


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, TimedReader]]:
    """A socket, and the reader of the one that it is connected with."""
    server, client = socket.socketpair()
    with server, client:
        file = client.makefile("rb", buffering=0)
        yield server, TimedReader(client, file, time.monotonic() + TIMEOUT_S)


def test_bytes_are_read_as_they_arrive(pair):
    """A reader waits for no more than the server has sent."""
    server, reader = pair
    server.sendall(b"begin")

    with io.BufferedReader(reader) as file:
        assert file.read1() == b"begin"


def test_server_that_never_pauses_is_left_at_the_deadline(pair):
    """Bytes that are there are not read any more."""
    server, reader = pair
    server.sendall(b"x")
    reader.deadline = time.monotonic()

    with pytest.raises(TimeoutError):
        reader.read(1)


def test_silent_server_is_left_at_the_deadline(pair):
    """Without a byte, the socket's timeout ends the read."""
    _, reader = pair
    reader.deadline = time.monotonic() + 0.01

    with pytest.raises(TimeoutError):
        reader.read(1)
