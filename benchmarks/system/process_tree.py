"""The processes of a server or an engine: the one that was started and its descendants."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

PROC = Path("/proc")


def process_tree(root: int) -> list[int]:
    """Return the identifiers of a process and of all its descendants."""
    children = _children()
    found = [root]
    for pid in found:  # the loop below appends to it
        found += children[pid]
    return found


def stat_fields(pid: int) -> list[str]:
    """Return the fields of proc(5), stat, that follow the name of a process.

    Raises:
        OSError: the process has exited.
    """
    # The second field, a name in parentheses, may hold anything.
    return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _children() -> dict[int, list[int]]:
    children = defaultdict(list)
    for folder in PROC.glob("[0-9]*"):
        try:
            parent = stat_fields(int(folder.name))[1]
        except OSError:  # the process has exited meanwhile
            continue
        children[int(parent)].append(int(folder.name))
    return children
