"""Signals that stop the command."""

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
def raising_on_signals() -> Iterator[None]:
    """Raise an InterruptionError in the block when a signal arrives."""
    with _handled(_interrupt):
        yield


@contextmanager
def ignoring_signals() -> Iterator[None]:
    """Ignore signals, so that the block completes."""
    with _handled(signal.SIG_IGN):
        yield


@contextmanager
def _handled(
    handler: Callable[[int, FrameType | None], NoReturn] | signal.Handlers,
) -> Iterator[None]:
    # Signals that the process ignores stay ignored: nohup and background jobs rely on it.
    heard = (each for each in STOPPING if signal.getsignal(each) is not signal.SIG_IGN)
    before = {number: signal.signal(number, handler) for number in heard}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)
