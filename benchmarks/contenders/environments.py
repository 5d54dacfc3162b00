"""Virtual environments for the peers, built once from pinned requirements."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contenders.fingerprint import fingerprint, is_current, mark_current, mark_of
from benchmarks.reporting.console import progress
from benchmarks.system.paths import WORK
from benchmarks.system.subprocesses import run


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment, identified by the folder of its programs."""

    programs: Path

    @property
    def python(self) -> Path:
        """Return the path of its interpreter."""
        return self.programs / "python"

    @property
    def mark(self) -> Path:
        """Return the path of the file that records its inputs; only peers have one."""
        return mark_of(self.programs.parent)


OWN = Environment(Path(sys.executable).parent)


def prepare_environment(name: str, requirements: Sequence[Path]) -> Environment:
    """Install requirements into an environment of that name, unless it is current.

    Without requirements, return the project's own environment.

    Raises:
        PreparationError: the installation failed.
    """
    if not requirements:
        return OWN
    folder = WORK / "environments" / name
    environment = Environment(folder / "bin")
    key = fingerprint(requirements)
    if not is_current(folder, key):
        progress(f"Installing {name}")
        shutil.rmtree(folder, ignore_errors=True)
        run((sys.executable, "-m", "venv", folder), log=f"{name}-environment")
        for file in requirements:
            _install(environment, file, name)
        mark_current(folder, key)
    return environment


def _install(environment: Environment, requirements: Path, name: str) -> None:
    install = ("-m", "pip", "install", "--disable-pip-version-check", "--requirement")
    run((environment.python, *install, requirements), log=f"{name}-installation")
