"""Processes: their environment, and their threads by /proc."""

from __future__ import annotations

import os
from pathlib import Path


def unmeasured() -> dict[str, str]:
    """Return the environment of a process whose coverage is not measured, which takes time."""
    return {key: value for key, value in os.environ.items() if not key.startswith("COV")}


def count_threads(pid: int) -> int:
    """Return the number of threads of a process and its descendants."""
    tasks = list(Path(f"/proc/{pid}/task").iterdir())
    children = [child for task in tasks for child in (task / "children").read_text().split()]
    return len(tasks) + sum(count_threads(int(child)) for child in children)
