"""CPU time of a process: a measure of cost that does not depend on the load of the machine."""

from __future__ import annotations

import time

_OF_ALL_THREADS = (
    2  # the identifier that clock_getcpuclockid(3) returns; Python has no binding of it
)


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process in seconds, user and system."""
    return time.clock_gettime(~pid << 3 | _OF_ALL_THREADS)
