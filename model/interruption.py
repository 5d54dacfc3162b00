"""Signals that ask to stop."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from model.errors import InterruptionError

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _interrupt(number: int, _frame: FrameType | None) -> NoReturn:
    raise InterruptionError(number)


@contextmanager
def interrupting() -> Iterator[None]:
    """Let the signals interrupt whatever is done inside, with an InterruptionError."""
    # What is ignored from the start stays so: nohup and background jobs rely on it.
    heard = (each for each in STOPPING if signal.getsignal(each) is not signal.SIG_IGN)
    before = {number: signal.signal(number, _interrupt) for number in heard}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)
