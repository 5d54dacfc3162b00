"""The machine and packages of a measurement."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("flask", "waitress", "numpy", "scipy", "scikit-learn", "joblib")
_MODEL = re.compile(r"^model name\s*: (.+)$", re.MULTILINE)
_MEMORY = re.compile(r"^MemTotal: +(\d+) kB$", re.MULTILINE)
KIB_PER_GIB = 1024**2


@dataclass(frozen=True, slots=True)
class Machine:
    """A computer with its versions of Python and of packages."""

    date: str
    processor: str
    cores: int
    memory_gib: int
    system: str
    python: str
    packages: dict[str, str]

    @classmethod
    def this(cls) -> Machine:
        """Return the description of this machine."""
        memory = _MEMORY.search(Path("/proc/meminfo").read_text())
        processor = _MODEL.search(Path("/proc/cpuinfo").read_text())
        return cls(
            date=datetime.now(UTC).date().isoformat(),
            processor=processor[1] if processor else platform.machine(),
            cores=len(os.sched_getaffinity(0)),
            memory_gib=round(int(memory[1]) / KIB_PER_GIB) if memory else 0,
            system=platform.system(),
            python=platform.python_version(),
            packages={name: version(name) for name in PACKAGES},
        )

    def fields(self) -> dict[str, object]:
        """Return the fields for JSON."""
        return asdict(self)
