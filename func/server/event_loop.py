"""The event loop, on epoll: an iteration costs what is ready, however many sockets are open."""

from __future__ import annotations

import contextlib
import os
import select
import time
from collections import deque
from collections.abc import Callable

MAX_READY = 8192

Handler = Callable[[int], None]


class EventLoop:
    """Calls handlers of file descriptors, and functions that other threads want called.

    Attributes:
        now: the beginning of this iteration, by ``time.monotonic``.
    """

    def __init__(
        self, after_reads: Callable[[], None] = lambda: None, *, max_ready: int = MAX_READY
    ) -> None:
        """Create a loop that watches nothing yet.

        Args:
            after_reads: called in each iteration once the handlers of all ready sockets are.
            max_ready: the number of ready descriptors that one iteration handles; epoll returns
                the others first at the next (epoll_wait(2)).
        """
        self.now = time.monotonic()
        self._after_reads = after_reads
        self._max_ready = max_ready
        self._epoll = select.epoll()
        self._handlers: dict[int, Handler] = {}
        self._last: set[int] = set()
        self._soon: deque[Callable[[], None]] = deque()
        self._woken_end, self._wake_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._epoll.register(self._woken_end, select.EPOLLIN)

    def register(self, fd: int, flags: int, handler: Handler, *, is_last: bool = False) -> None:
        """Call a handler when a descriptor is ready.

        With ``is_last``, call it after all others: a new connection may get the number of one that
        was closed in this iteration, and must not get its events.
        """
        self._handlers[fd] = handler
        if is_last:
            self._last.add(fd)
        self._epoll.register(fd, flags)

    def modify(self, fd: int, flags: int) -> None:
        """Watch a descriptor for other events."""
        self._epoll.modify(fd, flags)

    def unregister(self, fd: int) -> None:
        """Stop watching a descriptor; call this before it is closed."""
        del self._handlers[fd]
        self._last.discard(fd)
        self._epoll.unregister(fd)

    def call_soon(self, callback: Callable[[], None]) -> None:
        """Call a function in the next iteration; safe in any thread."""
        self._soon.append(callback)
        self.wake()

    def wake(self) -> None:
        """End the wait of ``run_once``; takes no lock, so that signal handlers may call it."""
        with contextlib.suppress(OSError):  # a full pipe wakes as well; a closed loop need not
            os.write(self._wake_end, b"x")

    def run_once(self, timeout_s: float) -> None:
        """Wait until something is ready or due, and handle it."""
        ready = self._epoll.poll(timeout_s, self._max_ready)
        self.now = time.monotonic()
        if (self._woken_end, select.EPOLLIN) in ready:
            # First, since a function that is added later wakes the loop again.
            os.read(self._woken_end, 4096)
        for _ in range(len(self._soon)):
            self._soon.popleft()()
        for fd, flags in ready:
            if fd not in self._last and (handler := self._handlers.get(fd)):
                handler(flags)
        self._after_reads()
        for fd, flags in ready:
            if fd in self._last:
                self._handlers[fd](flags)

    def close(self) -> None:
        """Close the loop's own descriptors."""
        self._epoll.close()
        os.close(self._wake_end)
        os.close(self._woken_end)
