"""The age of this process, by /proc."""

from __future__ import annotations

import os
import time
from pathlib import Path

_STAT = Path("/proc/self/stat")
_START_TIME = 22 - 3  # its place in proc(5), among the fields behind the command's name


def seconds_since_start() -> float:
    """Return the age of this process, to a hundredth of a second."""
    start_ticks = int(_STAT.read_text().rpartition(")")[2].split()[_START_TIME])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - start_ticks / os.sysconf("SC_CLK_TCK")
