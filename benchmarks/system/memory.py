"""Memory of a server: of its process and its descendants, with shared pages counted once."""

from __future__ import annotations

import re

from benchmarks.system.process_tree import PROC, process_tree

KIB_PER_MIB = 1024
_PSS = re.compile(r"^Pss: +(\d+) kB$", re.MULTILINE)


def proportional_set_size_mib(pid: int) -> float:
    """Return the sum of proportional set sizes (proc(5), smaps_rollup) of a process tree."""
    return sum(map(_pss_kib, process_tree(pid))) / KIB_PER_MIB


def _pss_kib(pid: int) -> int:
    try:
        rollup = (PROC / str(pid) / "smaps_rollup").read_text()
    except OSError:  # the process has exited meanwhile
        return 0
    match = _PSS.search(rollup)
    return int(match[1]) if match else 0
