"""Lock that serializes runs: concurrent runs would distort each other's measurements."""

from __future__ import annotations

import fcntl

from benchmarks.reporting.console import progress
from benchmarks.system.paths import WORK


def acquire_run_lock() -> None:
    """Wait until no other run is in progress; hold the lock until the process exits."""
    WORK.mkdir(exist_ok=True)
    # Never closed: the lock lasts as long as the file is open.
    lock = (WORK / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        progress("Waiting for another run to finish")
        fcntl.flock(lock, fcntl.LOCK_EX)
    _held.append(lock)


_held: list[object] = []
