"""The CPU time that a process has taken, which says what it costs, however busy the machine is."""

from __future__ import annotations

import os
from pathlib import Path

_USER_TIME = 14 - 3  # its place in proc(5), in what follows the command's name


def cpu_seconds(pid: int) -> float:
    """Give the time that a process has spent on a CPU, in its own code and in the kernel."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = sum(map(int, fields[_USER_TIME : _USER_TIME + 2]))
    return ticks / os.sysconf("SC_CLK_TCK")
