"""Memory of a server: of its process and its descendants, with shared pages counted once."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

PROC = Path("/proc")
KIB_PER_MIB = 1024
_PSS = re.compile(r"^Pss: +(\d+) kB$", re.MULTILINE)


def proportional_set_size_mib(pid: int) -> float:
    """Return the sum of proportional set sizes (proc(5), smaps_rollup) of a process tree."""
    return sum(map(_pss_kib, _tree(pid))) / KIB_PER_MIB


def _tree(root: int) -> list[int]:
    children = _children()
    found = [root]
    for pid in found:  # the loop below appends to it
        found += children[pid]
    return found


def _children() -> dict[int, list[int]]:
    children = defaultdict(list)
    for stat in PROC.glob("[0-9]*/stat"):
        try:
            # The second field, a name in parentheses, may hold anything.
            parent = stat.read_text().rpartition(")")[2].split()[1]
        except OSError:  # the process has exited meanwhile
            continue
        children[int(parent)].append(int(stat.parent.name))
    return children


def _pss_kib(pid: int) -> int:
    try:
        rollup = (PROC / str(pid) / "smaps_rollup").read_text()
    except OSError:  # the process has exited meanwhile
        return 0
    match = _PSS.search(rollup)
    return int(match[1]) if match else 0
