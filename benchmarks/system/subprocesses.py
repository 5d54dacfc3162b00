"""Run a program until it exits: an installer, a training, a compiler."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from benchmarks.system.errors import PreparationError
from benchmarks.system.paths import LOGS, ROOT


def run(command: Sequence[str | Path], *, log: str) -> None:
    """Run a program in the project's folder, with its output in a log of that name.

    Raises:
        PreparationError: its exit code is not 0.
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    path = LOGS / f"{log}.log"
    with path.open("wb") as output:
        done = subprocess.run(  # noqa: S603 - the benchmark's own commands
            command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, check=False
        )
    if done.returncode:
        raise PreparationError(f"{log} exited with code {done.returncode}", path)


def succeeds(command: Sequence[str | Path]) -> bool:
    """Return whether a program exits with code 0."""
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - the benchmark's own commands
    return done.returncode == 0
