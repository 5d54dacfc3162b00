"""Virtual environments for the peers, each made once from its pinned requirements."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contenders.fingerprint import fingerprint, is_current, mark_current, mark_of
from benchmarks.paths import WORK
from benchmarks.reporting.console import progress
from benchmarks.system.subprocesses import run


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment, by the folder of its programs."""

    programs: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.programs / "python"

    @property
    def mark(self) -> Path:
        """The file that says what it was made from; only peers' environments have one."""
        return mark_of(self.programs.parent)


OWN = Environment(Path(sys.executable).parent)


def prepare_environment(name: str, requirements: Sequence[Path]) -> Environment:
    """Install requirements into an environment of that name, unless that is done already.

    Without any requirements it is the project's own environment.

    Raises:
        PreparationError: they can't be installed.
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
