"""CPU time of processes: a measure of cost that does not depend on the load of the machine."""

from __future__ import annotations

import os
import time

from benchmarks.system.process_tree import process_tree, stat_fields

_OF_ALL_THREADS = (
    2  # the identifier that clock_getcpuclockid(3) returns; Python has no binding of it
)
_CPU_TIMES = slice(11, 15)  # of the process and of its children that have ended
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process in seconds, user and system."""
    return time.clock_gettime(~pid << 3 | _OF_ALL_THREADS)


def tree_cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process and its descendants, those that have ended included."""
    return sum(map(_ticks, process_tree(pid))) / _TICKS_PER_S


def _ticks(pid: int) -> int:
    try:
        return sum(map(int, stat_fields(pid)[_CPU_TIMES]))
    except OSError:  # the process has exited meanwhile; its parent's fields hold its time
        return 0
