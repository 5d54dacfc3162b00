"""The event loop, on epoll: a turn costs what is ready, however many connections are open.

waitress 3.0's own loop asks every connection at every turn what it is waiting for, so that some
hundred slow clients would slow down all others.
"""

from __future__ import annotations

import select
import time
from typing import Any

from waitress.wasyncore import readwrite

from func.server.batching import Batch

MAX_READY = 8192
MAX_ACCEPTED = 128


class EventLoop(dict[int, Any]):
    """waitress's map of what it serves by file number, each watched for what it waits for.

    Attributes:
        batch: what is answered once all is read; None where each request is answered by itself.
        now: when this turn began, by ``time.monotonic``.
        taken: how many requests were read in this turn and not refused.
    """

    def __init__(self, batch: Batch | None = None, *, most_ready: int = MAX_READY) -> None:
        """Make an event loop that watches nothing yet.

        Args:
            batch: takes in what is read, and is answered in the same turn.
            most_ready: of what is ready, how much a turn handles; the rest has its turn next, as
                epoll goes round (epoll_wait(2)).
        """
        super().__init__()
        self.batch = batch
        self._most_ready = most_ready
        self.now = time.monotonic()
        self.accepted = 0
        self._epoll = select.epoll()
        self._watched: dict[int, int] = {}

    def __setitem__(self, number: int, handler: Any) -> None:
        super().__setitem__(number, handler)
        self._watched[number] = select.EPOLLIN
        self._epoll.register(number, select.EPOLLIN)

    def __delitem__(self, number: int) -> None:
        super().__delitem__(number)
        del self._watched[number]
        self._epoll.unregister(number)

    def close(self) -> None:
        """Close all that is left."""
        for handler in list(self.values()):
            handler.close()
        self._epoll.close()

    def turn(self, timeout_s: float) -> None:
        """Wait until something is ready, and handle what is."""
        ready = self._epoll.poll(timeout_s, self._most_ready)
        self.now, self.accepted = time.monotonic(), 0
        listeners = []
        for number, flags in ready:
            handler = self.get(number)
            if handler is None:  # closed by another one in this turn
                continue
            if handler.accepting:
                # Last: a new connection may get the number of one that was closed in this turn.
                listeners.append(number)
                continue
            readwrite(handler, flags)
            self.watch(number)
            if self.batch is not None and self.batch.is_full:
                self.batch.answer()
        if self.batch is not None:
            self.batch.answer()
        for number in listeners:
            self._accept(number)

    def watch(self, number: int) -> None:
        """Watch for what a handler waits for now, if it is still there."""
        if (handler := self.get(number)) is None:
            return
        wanted = (select.EPOLLIN if handler.readable() else 0) | (
            select.EPOLLOUT if handler.writable() else 0
        )
        if wanted != self._watched[number]:
            self._change(number, wanted)

    def watch_all(self) -> None:
        """Watch each handler for what it waits for now."""
        for number in list(self):
            self.watch(number)

    def accept_waiting(self, listener: Any, most: int) -> None:
        """Accept connections that the kernel has made, until there is none left."""
        for _ in range(most):
            count = len(self)
            listener.handle_accept()
            if len(self) == count:
                break

    def _accept(self, number: int) -> None:
        count, listener = len(self), self[number]
        self.accept_waiting(listener, MAX_ACCEPTED if listener.readable() else 0)
        if len(self) == count:
            # No more files can be opened, or no more connections are wanted: until the next
            # ``watch_all`` it would be ready at every turn.
            self._change(number, 0)

    def _change(self, number: int, wanted: int) -> None:
        self._watched[number] = wanted
        self._epoll.modify(number, wanted)
