"""Accepting: how many at a time, what pauses it, and what the end of it loses."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from func.server import acceptor as acceptor_module
from func.server.acceptor import Acceptor, refuse_new_connections
from func.server.connection import Shared
from func.server.listener import PortError, bind
from tests.support.event_loops import run_idle, run_until
from tests.support.timeouts import TIMEOUT_S

Connect = Callable[..., list[socket.socket]]


class FailingListener(socket.socket):
    """A listener whose first calls of accept() fail.

    Attributes:
        errors: what they raise.
        calls: the number of calls.
    """

    errors: list[OSError]
    calls = 0

    def accept(self) -> Any:
        """Raise the next error, or accept."""
        self.calls += 1
        if self.errors:
            raise self.errors.pop()
        return super().accept()


def listen(shared: Shared, *, max_connections: int = 9, errors: tuple[OSError, ...] = ()) -> Any:
    """Return an acceptor on a free port, and its listener."""
    listener = FailingListener(fileno=bind("127.0.0.1", 0).detach())
    listener.errors = list(errors)
    return Acceptor(listener, shared, max_connections=max_connections, backlog=9), listener


@pytest.fixture
def connect_to() -> Iterator[Connect]:
    """Return a function that opens a number of connections; they are closed in the end."""
    with ExitStack() as stack:

        def connect_to(acceptor: Acceptor, count: int = 1) -> list[socket.socket]:
            address = ("127.0.0.1", acceptor.port)
            return [
                stack.enter_context(socket.create_connection(address, timeout=TIMEOUT_S))
                for _ in range(count)
            ]

        yield connect_to


def test_port_that_another_listens_on_is_an_error(shared):
    """Both could bind it; the second that listens learns of it."""
    first = bind("127.0.0.1", 0)
    port = first.getsockname()[1]
    with closing(first), closing(bind("127.0.0.1", port)) as second:
        first.listen()
        with pytest.raises(PortError, match=f"port {port}: Address already in use"):
            Acceptor(second, shared, max_connections=9, backlog=9)


def test_connections_are_accepted_some_at_a_time(shared, connect_to, monkeypatch):
    """However many connect at once, those that are open are served in between."""
    monkeypatch.setattr(acceptor_module, "MAX_ACCEPTED", 2)
    acceptor, _ = listen(shared)
    connect_to(acceptor, 5)
    counts = []
    for _ in range(3):
        shared.loop.run_once(1)
        counts.append(len(shared.open))
    acceptor.close()

    assert counts == [2, 4, 5]


def test_client_that_has_gone_does_not_stop_the_accepting(shared, connect_to):
    """The next client is accepted in the same iteration."""
    acceptor, _ = listen(shared, errors=(ConnectionAbortedError(),))
    connect_to(acceptor)
    shared.loop.run_once(1)
    assert len(shared.open) == 1
    acceptor.close()


def test_accepting_pauses_while_no_files_can_be_opened(shared, connect_to):
    """A listener that is ready and can't accept does not keep the loop busy."""
    acceptor, listener = listen(shared, errors=(OSError(errno.EMFILE, "Too many open files"),))
    connect_to(acceptor)
    run_idle(shared.loop)
    assert (len(shared.open), listener.calls) == (0, 1)
    acceptor.check()
    run_until(shared.loop, lambda: shared.open)
    acceptor.close()


def test_accepting_pauses_at_the_limit(shared, connect_to):
    """Clients beyond it wait until others end."""
    acceptor, listener = listen(shared, max_connections=2)
    first, *_ = connect_to(acceptor, 3)
    run_idle(shared.loop)
    assert (len(shared.open), listener.calls) == (2, 2)
    acceptor.check()
    run_idle(shared.loop)
    assert (len(shared.open), listener.calls) == (2, 2)
    first.close()
    run_until(shared.loop, lambda: len(shared.open) == 1)
    acceptor.check()
    run_until(shared.loop, lambda: len(shared.open) == 2)
    acceptor.close()


def test_check_ends_what_is_over(shared, connect_to, clock):
    """Each connection's deadline is looked at."""
    acceptor, _ = listen(shared)
    connect_to(acceptor, 2)
    run_until(shared.loop, lambda: len(shared.open) == 2)
    clock.ahead_s += 1_000_000
    shared.loop.run_once(0)
    acceptor.check()
    acceptor.close()

    assert not shared.open


def test_close_accepts_who_has_connected(shared, connect_to):
    """Nobody whom the system has let in is reset, and nobody else is let in."""
    acceptor, _ = listen(shared)
    connect_to(acceptor, 5)
    acceptor.close()

    assert len(shared.open) == 5
    with pytest.raises(ConnectionRefusedError):
        connect_to(acceptor)


def test_new_connections_are_refused_before_the_last_accept(shared, monkeypatch):
    """In the other order, one that is made in between would be reset."""
    acceptor, listener = listen(shared)
    calls_before: list[int] = []
    monkeypatch.setattr(
        acceptor_module, "refuse_new_connections", lambda _: calls_before.append(listener.calls)
    )
    acceptor.close()

    assert (calls_before, listener.calls) == ([0], 1)


def test_connections_are_refused_without_losing_those_that_wait():
    """Once told, the kernel makes no more connections, and still hands out the ones it made."""
    with (
        closing(bind("127.0.0.1", 0)) as listener,
        closing(socket.socket()) as waiting,
    ):
        listener.listen()
        waiting.connect(listener.getsockname())
        refuse_new_connections(listener)

        with pytest.raises(TimeoutError):
            socket.create_connection(listener.getsockname(), timeout=0.2)
        taken, peer = listener.accept()
        taken.close()
        assert peer == waiting.getsockname()
