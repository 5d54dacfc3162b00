"""A circuit breaker: after repeated failures, a server gets no requests for a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

MAX_FAILURES = 5  # in a row
OPEN_S = 10.0
MAX_OPEN_S = 60.0  # whatever the server asks for


class CircuitBreaker:
    """Opens after failures in a row, and lets one request through after each pause.

    Safe to call from many threads.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._failures = 0
        self._open_until = 0.0

    @property
    def is_open(self) -> bool:
        """Return whether the last requests failed, and none has succeeded since."""
        return self._failures >= MAX_FAILURES

    def allows(self) -> bool:
        """Return whether a request may be sent; after a pause, true for one request only."""
        with self._lock:
            if not self.is_open:
                return True
            now = self._clock()
            if now < self._open_until:
                return False
            self._open_until = now + OPEN_S
            return True

    def record_success(self) -> None:
        """Close."""
        with self._lock:
            self._failures = 0

    def record_failure(self, retry_after_s: float = 0.0) -> None:
        """Count a failure; open at once if the server has asked for a pause."""
        with self._lock:
            self._failures = MAX_FAILURES if retry_after_s else self._failures + 1
            pause_s = min(retry_after_s, MAX_OPEN_S) or OPEN_S
            self._open_until = self._clock() + pause_s
