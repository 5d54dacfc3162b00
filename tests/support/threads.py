"""Threads of processes, by /proc."""

from __future__ import annotations

from pathlib import Path


def count_threads(pid: int) -> int:
    """Return the number of threads of a process and its descendants."""
    tasks = list(Path(f"/proc/{pid}/task").iterdir())
    children = [child for task in tasks for child in (task / "children").read_text().split()]
    return len(tasks) + sum(count_threads(int(child)) for child in children)
