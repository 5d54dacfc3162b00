"""Signals that ask a command to stop."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from model.errors import InterruptionError

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def raise_on_signal() -> Iterator[None]:
    """Raise an InterruptionError wherever the main thread is when a signal arrives.

    Use it only around code that shares no locks with other threads: the main thread may hold one.
    """

    def interrupt(number: int, _frame: FrameType | None) -> NoReturn:
        raise InterruptionError(number)

    with _handled_by(interrupt):
        yield


@contextmanager
def defer_signals() -> Iterator[Callable[[], None]]:
    """Yield a function that raises an InterruptionError if a signal has arrived.

    A second signal ends the process at once.
    """
    received: list[int] = []

    def defer(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        for each in STOPPING:
            signal.signal(each, signal.SIG_DFL)

    def raise_if_interrupted() -> None:
        if received:
            raise InterruptionError(received[0])

    with _handled_by(defer):
        yield raise_if_interrupted


@contextmanager
def _handled_by(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    # A signal that the process ignores from its start stays ignored: nohup relies on that.
    handled = (each for each in STOPPING if signal.getsignal(each) is not signal.SIG_IGN)
    previous = {number: signal.signal(number, handler) for number in handled}
    try:
        yield
    finally:
        for number, former in previous.items():
            signal.signal(number, former)
