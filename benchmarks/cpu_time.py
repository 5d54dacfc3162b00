"""The CPU time that a process has taken, which says what it costs, however busy the machine is."""

from __future__ import annotations

from pathlib import Path


def cpu_seconds(pid: int) -> float:
    """Give the time that the threads of a process have spent on a CPU.

    It is that of the scheduler (proc(5), schedstat), to the nanosecond; threads that have ended
    are left out.
    """
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9
