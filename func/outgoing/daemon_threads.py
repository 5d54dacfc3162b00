"""Threads for work that waits for other machines."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

logger = logging.getLogger(__name__)


class DaemonThreads:
    """At most ``max_threads`` threads, started when they are needed.

    They are daemons: the process does not wait for another machine in order to end.
    """

    def __init__(self, max_threads: int, name: str) -> None:
        self._max_threads, self._name = max_threads, name
        self._lock = threading.Lock()
        self._running = 0
        self._tasks: deque[Callable[[], None]] = deque()

    def submit(self, task: Callable[[], None]) -> None:
        """Have a thread call a function that raises nothing; safe to call from many threads."""
        with self._lock:
            self._tasks.append(task)
            if self._running == self._max_threads:
                return
            self._running += 1
        try:
            threading.Thread(target=self._work, name=self._name, daemon=True).start()
        except RuntimeError:  # the system has no more; a thread that starts later calls it
            logger.warning("No thread could be started")
            with self._lock:
                self._running -= 1

    def withdraw(self, task: Callable[[], None]) -> None:
        """Drop a submitted function, unless a thread has begun to call it."""
        with self._lock, suppress(ValueError):
            self._tasks.remove(task)

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._tasks:
                    self._running -= 1
                    return
                task = self._tasks.popleft()
            task()
