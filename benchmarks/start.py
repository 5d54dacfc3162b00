"""Measure each phase of the start in milliseconds: ``python -m benchmarks.start``.

Each round starts a process that runs the server's own start, phase by phase; with ``--s3``, also
with the model in an S3 server on this machine.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.table import Table

from benchmarks.reporting.cli import Run, parse_options
from benchmarks.reporting.console import console, progress
from benchmarks.reporting.statistics import Spread
from benchmarks.system.cpu_affinity import SERVER_CORE, pinned_to
from benchmarks.system.paths import ROOT
from benchmarks.system.s3_server import BUCKET, S3Server
from model.store.model_files import ModelFiles, push
from model.store.opening import open_store
from model.store.uri import StoreUri

PHASES = Path(__file__).parent / "system" / "start_phases.py"


def main() -> int:
    """Run the command."""
    run = Run((), parse_options(__doc__ or "", (), _add_options, rounds=15))
    with ExitStack() as stack:
        environs = {"image": {"MODEL_PATH": str(run.model)}}
        if run.options.s3:
            environs["S3"] = _pushed(run.model, stack)
        rounds: dict[str, list[Mapping[str, float]]] = {name: [] for name in environs}
        for environ in environs.values():
            _measure(environ)  # warms the page cache
        for number in range(1, run.options.rounds + 1):
            progress(f"Round {number} of {run.options.rounds}")
            for name, environ in environs.items():
                rounds[name].append(_measure(environ))
    measured = {}
    for name, phases in rounds.items():
        spreads = _spreads(phases)
        console.print(_table(spreads, name))
        measured[name] = {phase: asdict(each) for phase, each in spreads.items()}
    results = {"ms": measured["image"]}
    return run.finish("start", results | ({"ms_s3": measured["S3"]} if "S3" in measured else {}))


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--s3", action="store_true", help="also start with the model in S3")


def _pushed(model: Path, stack: ExitStack) -> Mapping[str, str]:
    """Push the model into an S3 server; return the variables of a start from there."""
    folder = Path(stack.enter_context(TemporaryDirectory()))
    server = stack.enter_context(S3Server(folder))
    os.environ |= server.environ
    files = ModelFiles.read(model.parent)
    uri = StoreUri.parse(f"s3://{BUCKET}/intent")
    push(files, open_store(uri))
    return {"MODEL_URI": str(uri.with_digest(files.digest))}


def _spreads(rounds: Sequence[Mapping[str, float]]) -> dict[str, Spread]:
    spreads = {phase: Spread.of([each[phase] for each in rounds]) for phase in rounds[0]}
    return {**spreads, "together": Spread.of([sum(each.values()) for each in rounds])}


def _measure(model: Mapping[str, str]) -> Mapping[str, float]:
    environ = os.environ | {
        **model,
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


def _table(spreads: Mapping[str, Spread], source: str) -> Table:
    title = f"Start, in milliseconds; the model comes from the {source}"
    table = Table("", title=title, title_justify="left")
    for column in ("median", "least", "most"):
        table.add_column(column, justify="right")
    for name, spread in spreads.items():
        values = (f"{value:.1f}" for value in (spread.median, spread.least, spread.most))
        table.add_row(name, *values)
    return table


if __name__ == "__main__":
    sys.exit(main())
