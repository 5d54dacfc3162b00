"""Threads for the requests that would hold up the event loop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue

logger = logging.getLogger(__name__)


class WorkerPool:
    """At most ``threads`` threads, started when they are first needed; the queue is bounded.

    They are daemons: a second signal ends the process, whatever they work on.
    """

    def __init__(self, threads: int, max_waiting: int) -> None:
        self._threads, self._max_waiting = threads, max_waiting
        self._started = 0
        self._unfinished = 0
        self._tasks: SimpleQueue[Callable[[], None]] = SimpleQueue()

    def submit(self, task: Callable[[], None]) -> bool:
        """Have a thread call a function; return False if too many wait, or if there is no thread.

        Not safe in threads.
        """
        if self._tasks.qsize() >= self._max_waiting:
            return False
        if self._unfinished >= self._started < self._threads:
            self._start_thread()
        if not self._started:
            return False
        self._unfinished += 1
        self._tasks.put(task)
        return True

    def finish(self) -> None:
        """Note that a task has ended; called by the thread that submits."""
        self._unfinished -= 1

    def _start_thread(self) -> None:
        try:
            threading.Thread(target=self._work, name="worker", daemon=True).start()
        except RuntimeError:  # the system has no more: those that run call it
            logger.warning("No thread could be started")
        else:
            self._started += 1

    def _work(self) -> None:
        while True:
            task = self._tasks.get()
            try:
                task()
            except Exception:
                logger.exception("A task failed")
            del task  # it holds the request, which must not outlive its response
