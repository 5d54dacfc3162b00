"""The event loop: who is watched for what, and in which order."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest

from func.server.event_loop import EventLoop


class Handler:
    """One end of a connection that notes what it is told."""

    accepting = False

    def __init__(self, loop, end, *, on_read=lambda: None, is_readable=True):
        self.end, self.on_read, self.is_readable, self.reads = end, on_read, is_readable, 0
        loop[end.fileno()] = self

    def readable(self):
        return self.is_readable

    def writable(self):
        return False

    def handle_read_event(self):
        self.reads += 1
        self.on_read()

    def close(self):
        self.end.close()


@pytest.fixture
def loop():
    """An event loop."""
    with closing(EventLoop()) as loop:
        yield loop


@pytest.fixture
def pairs():
    """Two connections, each with something to read at its first end."""
    made = [socket.socketpair() for _ in range(2)]
    for _, other in made:
        other.send(b"x")
    yield [end for end, _ in made]
    for end, other in made:
        end.close()
        other.close()


def test_what_is_ready_is_handled_in_one_turn(loop, pairs):
    """Each that can be read is read, and what was taken is counted from the turn's beginning."""
    handlers = [Handler(loop, end) for end in pairs]
    loop.accepted = 7

    loop.turn(1)

    assert [handler.reads for handler in handlers] == [1, 1]
    assert loop.accepted == 0


def test_a_turn_handles_so_much(pairs):
    """Of what is ready, the rest has its turn next, so that nobody waits for ever."""
    with closing(EventLoop(most_ready=1)) as loop:
        handlers = [Handler(loop, end) for end in pairs]
        loop.turn(1)
        assert sorted(handler.reads for handler in handlers) == [0, 1]

        loop.turn(1)
        assert [handler.reads for handler in handlers] == [1, 1]


def test_what_waits_for_nothing_is_left_alone(loop, pairs):
    """A handler that does not want to read is not asked again until it is looked at anew."""
    handlers = [Handler(loop, end, is_readable=False) for end in pairs]
    loop.turn(1)
    loop.turn(0)
    assert [handler.reads for handler in handlers] == [1, 1]

    handlers[0].is_readable = True
    loop.watch_all()
    loop.turn(1)

    assert [handler.reads for handler in handlers] == [2, 1]


def test_what_another_has_closed_is_passed_over(loop, pairs):
    """A handler may be closed by one that had its turn before."""
    first, second = pairs
    Handler(loop, first, on_read=lambda: loop.__delitem__(second.fileno()))
    later = Handler(loop, second)

    loop.turn(1)
    loop.watch(second.fileno())

    assert later.reads == 0
