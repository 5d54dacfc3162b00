"""A clock that tests advance."""

from __future__ import annotations

import time


class Clock:
    """Returns the time as the module ``time`` does, and some seconds more."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def monotonic(self) -> float:
        """Return the time."""
        return time.monotonic() + self.ahead_s

    def sleep(self, seconds: float) -> None:
        """Let the time pass at once."""
        self.ahead_s += seconds
