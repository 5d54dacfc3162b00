"""The event loop: order, limits, and waking."""

from __future__ import annotations

import select
import socket
import threading
import time
from contextlib import closing
from functools import partial

import pytest

from func.server.event_loop import EventLoop
from tests.support.timeouts import TIMEOUT_S


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


def test_function_of_another_thread_ends_the_wait():
    """It is called at once, not when something is ready."""
    calls: list[str] = []
    with closing(EventLoop()) as loop:
        start = time.monotonic()
        thread = threading.Thread(target=loop.call_soon, args=(partial(calls.append, "called"),))
        thread.start()
        while not calls:
            loop.run_once(TIMEOUT_S)
        thread.join()

    assert time.monotonic() - start < TIMEOUT_S / 2


def test_functions_called_soon_leave_the_others_their_turn():
    """One that another adds is called in the next iteration."""
    calls: list[str] = []
    with closing(EventLoop(lambda: calls.append("after reads"))) as loop:

        def call_another() -> None:
            calls.append("first")
            loop.call_soon(partial(calls.append, "second"))

        loop.call_soon(call_another)
        loop.run_once(0)
        loop.run_once(0)

    assert calls == ["first", "after reads", "second", "after reads"]


def test_wake_never_blocks():
    """However often it is called, and after the loop is closed."""
    loop = EventLoop()
    for _ in range(100_000):
        loop.wake()
    loop.run_once(60)
    loop.close()
    loop.wake()
