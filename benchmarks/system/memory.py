"""Memory of a server: its process and all of their children, shared pages counted once."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

PROC = Path("/proc")
KIB_PER_MIB = 1024
_PSS = re.compile(r"^Pss: +(\d+) kB$", re.MULTILINE)


def proportional_set_size_mib(pid: int) -> float:
    """Sum the proportional set sizes (proc(5), smaps_rollup) of a process tree."""
    return sum(map(_pss_kib, _tree(pid))) / KIB_PER_MIB


def _tree(root: int) -> list[int]:
    children = _children()
    found = [root]
    for pid in found:  # grows while it is walked
        found += children[pid]
    return found


def _children() -> dict[int, list[int]]:
    children = defaultdict(list)
    for stat in PROC.glob("[0-9]*/stat"):
        try:
            # The second field, a name in parentheses, may hold anything.
            parent = stat.read_text().rpartition(")")[2].split()[1]
        except OSError:  # it has ended since
            continue
        children[int(parent)].append(int(stat.parent.name))
    return children


def _pss_kib(pid: int) -> int:
    try:
        rollup = (PROC / str(pid) / "smaps_rollup").read_text()
    except OSError:  # it has ended since
        return 0
    match = _PSS.search(rollup)
    return int(match[1]) if match else 0
