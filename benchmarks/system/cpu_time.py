"""The CPU time that a process has taken, which says what it costs, however busy the machine is."""

from __future__ import annotations

import time

_OF_ALL_THREADS = 2  # the clock that clock_getcpuclockid(3) names, which Python does not offer


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process in seconds, user and system."""
    return time.clock_gettime(~pid << 3 | _OF_ALL_THREADS)
