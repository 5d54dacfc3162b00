"""Write results as JSON, for comparison and for the charts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.contenders.contender import Contender
from benchmarks.system.machine import Machine
from benchmarks.system.paths import RESULTS


def write(name: str, results: Mapping[str, Any]) -> Path:
    """Write results together with a description of the machine."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    content = {"machine": Machine.this().fields(), **results}
    path.write_text(json.dumps(_without_noise(content), indent=2, allow_nan=False) + "\n")
    return path


def read(name: str) -> Any:
    """Read the results of a benchmark."""
    return json.loads((RESULTS / f"{name}.json").read_text())


def pinned_versions(contenders: Iterable[Contender]) -> dict[str, list[str]]:
    """Return the versions that each contender's requirements pin."""
    return {
        contender.name: contender.requirements[-1].read_text().split()
        for contender in contenders
        if contender.requirements
    }


def _without_noise(value: Any) -> Any:
    """Round to four significant digits; convert NaN to null."""
    if isinstance(value, float):
        return float(f"{value:.4g}") if value == value else None  # noqa: PLR0124 - NaN
    if isinstance(value, dict):
        return {key: _without_noise(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_noise(item) for item in value]
    return value
