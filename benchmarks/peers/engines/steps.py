"""The steps of an engine's program, in which the benchmark reads its processor time."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path


def run(label: Callable[[str, str], None]) -> None:
    """Label the small table of the command line, then, when a line arrives, the large one.

    Args:
        label: labels the Parquet file of the first path and writes a table to the second.
    """
    small, small_output, large, large_output = sys.argv[2:]
    label(small, small_output)
    _wait("ready")
    label(large, large_output)
    _wait("done")


def model_path() -> Path:
    """Return the path of the model, the first argument of the command line."""
    return Path(sys.argv[1])


def _wait(step: str) -> None:
    print(step, flush=True)  # noqa: T201 - the benchmark reads it
    sys.stdin.readline()
