"""Measure each phase of the start in milliseconds: ``python -m benchmarks.start``.

Each round starts a process that runs the server's own start, phase by phase.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from rich.table import Table

from benchmarks.cli import Run, parse_options
from benchmarks.paths import ROOT
from benchmarks.reporting.console import console, progress
from benchmarks.reporting.statistics import Spread
from benchmarks.system.cpu_affinity import SERVER_CORE, pinned_to

PHASES = Path(__file__).with_name("start_phases.py")


def main() -> int:
    """Run the command."""
    run = Run((), parse_options(__doc__ or "", (), rounds=15))
    _measure(run.model)  # warms the page cache
    rounds = []
    for number in range(1, run.options.rounds + 1):
        progress(f"Round {number} of {run.options.rounds}")
        rounds.append(_measure(run.model))
    spreads = {phase: Spread.of([each[phase] for each in rounds]) for phase in rounds[0]}
    spreads["together"] = Spread.of([sum(each.values()) for each in rounds])
    console.print(_table(spreads))
    return run.finish("start", {"ms": {name: asdict(each) for name, each in spreads.items()}})


def _measure(model: Path) -> Mapping[str, float]:
    environ = os.environ | {
        "MODEL_PATH": str(model),
        "HOST": "127.0.0.1",
        "PORT": "0",
        "PYTHONPATH": str(ROOT),
    }
    with pinned_to(SERVER_CORE):
        command = [sys.executable, str(PHASES), str(time.perf_counter())]
        process = subprocess.run(  # noqa: S603 - the benchmark's own command
            command, env=environ, stdout=subprocess.PIPE, check=True
        )
    phases: Mapping[str, float] = json.loads(process.stdout)
    return phases


def _table(spreads: Mapping[str, Spread]) -> Table:
    table = Table("", title="Start, in milliseconds", title_justify="left")
    for column in ("median", "least", "most"):
        table.add_column(column, justify="right")
    for name, spread in spreads.items():
        values = (f"{value:.1f}" for value in (spread.median, spread.least, spread.most))
        table.add_row(name, *values)
    return table


if __name__ == "__main__":
    sys.exit(main())
