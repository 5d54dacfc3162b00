"""Signals that ask to stop."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from model.errors import InterruptionError

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


Check = Callable[[], None]
_Handler = Callable[[int, FrameType | None], None]


@contextmanager
def interrupting() -> Iterator[Check]:
    """Let the signals interrupt whatever is done inside, with an InterruptionError.

    Only for what shares no locks with other threads: the error may come up while one is held.
    What is given has nothing to check.
    """

    def interrupt(number: int, _frame: FrameType | None) -> NoReturn:
        raise InterruptionError(number)

    with _handled(interrupt):
        yield lambda: None


@contextmanager
def interruptible() -> Iterator[Check]:
    """Let the signals be noted, and give what raises an InterruptionError once one has come.

    A second signal ends the process at once.
    """
    noted: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        noted.append(number)
        for each in STOPPING:
            signal.signal(each, signal.SIG_DFL)

    def check() -> None:
        if noted:
            raise InterruptionError(noted[0])

    with _handled(note):
        yield check


@contextmanager
def _handled(handler: _Handler) -> Iterator[None]:
    # What is ignored from the start stays so: nohup and background jobs rely on it.
    heard = (each for each in STOPPING if signal.getsignal(each) is not signal.SIG_IGN)
    before = {number: signal.signal(number, handler) for number in heard}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)
