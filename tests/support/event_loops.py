"""Event loops that a test runs itself."""

from __future__ import annotations

import time
from collections.abc import Callable

from func.server.event_loop import EventLoop
from tests.support.timeouts import TIMEOUT_S


def run_until(loop: EventLoop, condition: Callable[[], object]) -> None:
    """Run a loop until a condition holds; fail after `TIMEOUT_S`."""
    deadline = time.monotonic() + TIMEOUT_S
    while not condition() and time.monotonic() < deadline:
        loop.run_once(0.1)
    assert condition()


def run_idle(loop: EventLoop) -> None:
    """Run a loop until nothing is ready."""
    for _ in range(3):
        loop.run_once(0.01)
