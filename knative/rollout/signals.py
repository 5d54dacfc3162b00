"""Signals that ask to stop."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from knative.rollout.errors import InterruptionError

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _interrupt(number: int, _frame: FrameType | None) -> NoReturn:
    raise InterruptionError(number)


@contextmanager
def interrupting() -> Iterator[None]:
    """Let the signals interrupt whatever is done inside, with an InterruptionError."""
    with _handled(_interrupt):
        yield


@contextmanager
def ignoring_signals() -> Iterator[None]:
    """Let what is done inside come to its end, whatever signals come."""
    with _handled(signal.SIG_IGN):
        yield


@contextmanager
def _handled(
    handler: Callable[[int, FrameType | None], NoReturn] | signal.Handlers,
) -> Iterator[None]:
    # What is ignored from the start stays so: nohup and background jobs rely on it.
    heard = (each for each in STOPPING if signal.getsignal(each) is not signal.SIG_IGN)
    before = {number: signal.signal(number, handler) for number in heard}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)
