"""The event loop: order, limits, and waking."""

from __future__ import annotations

import select
import socket
from contextlib import closing
from functools import partial

import pytest

from func.server.event_loop import EventLoop


@pytest.fixture
def pairs():
    """Return the first ends of two connections, each with something to read."""
    made = [socket.socketpair() for _ in range(2)]
    for _, other in made:
        other.send(b"x")
    yield [end for end, _ in made]
    for end, other in made:
        end.close()
        other.close()


def test_iteration_handles_a_bounded_number(pairs):
    """The rest has its turn next, so that nobody waits for ever."""
    calls: list[int] = []

    def note(number: int, _: int) -> None:
        calls.append(number)

    with closing(EventLoop(max_ready=1)) as loop:
        for number, end in enumerate(pairs):
            loop.register(end.fileno(), select.EPOLLIN, partial(note, number))
        loop.run_once(1)
        assert len(calls) == 1
        loop.run_once(1)

    assert sorted(calls) == [0, 1]


def test_reads_come_before_their_callback_and_listeners_last(pairs):
    """A file number that is free again can't get the events of its former owner."""
    calls: list[str] = []
    with closing(EventLoop(lambda: calls.append("after reads"))) as loop:
        listener, client = pairs
        loop.register(
            listener.fileno(), select.EPOLLIN, lambda _: calls.append("listener"), is_last=True
        )
        loop.register(client.fileno(), select.EPOLLIN, lambda _: calls.append("client"))
        loop.run_once(1)

    assert calls == ["client", "after reads", "listener"]


def test_closed_descriptors_are_passed_over(pairs):
    """A handler may be unregistered by one that had its turn before."""
    calls: list[str] = []
    first, second = (end.fileno() for end in pairs)
    with closing(EventLoop()) as loop:

        def close_second(_: int) -> None:
            calls.append("first")
            loop.unregister(second)

        loop.register(first, select.EPOLLIN, close_second)
        loop.register(second, select.EPOLLIN, lambda _: calls.append("second"))
        loop.run_once(1)

    assert calls == ["first"]


def test_wake_never_blocks():
    """However often it is called, and after the loop is closed."""
    loop = EventLoop()
    for _ in range(100_000):
        loop.wake()
    loop.run_once(60)
    loop.close()
    loop.wake()
