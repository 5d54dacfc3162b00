"""Measure the time from start to first prediction: ``python -m benchmarks.cold_start``.

The clock runs from the start of the process to the complete response to the first POST that holds
an intent. Files are in the page cache: the first start of each contender is not counted.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from rich.table import Table

from benchmarks.contenders.catalogue import CONTENDERS, ENCODERS, HELLO
from benchmarks.contenders.preparation import PreparedContender
from benchmarks.reporting.cli import Run, add_encoders, parse_options
from benchmarks.reporting.console import console, progress
from benchmarks.reporting.statistics import Spread
from benchmarks.system.cpu_affinity import CLIENT_CORE, pinned_to
from benchmarks.system.processes import serving

Seconds = Mapping[str, Sequence[float]]


def main() -> int:
    """Run the command; the exit code is 1 if a contender failed."""
    every = (*CONTENDERS, *ENCODERS)
    options = parse_options(__doc__ or "", every, add_encoders, rounds=7)
    contenders = ENCODERS if options.encoders else CONTENDERS
    run = Run(contenders, options)
    utterance = run.corpus.read("test")[0].text
    with pinned_to(CLIENT_CORE):
        _warm_up(run, utterance)
        spreads = {name: Spread.of(values) for name, values in _measure(run, utterance).items()}
    console.print(_table(spreads, ours=contenders[0].name))
    seconds = {name: asdict(spread) for name, spread in spreads.items()}
    name = "cold_start_encoders" if options.encoders else "cold_start"
    return run.finish(name, {"seconds_to_first_prediction": seconds})


def _warm_up(run: Run, utterance: str) -> None:
    progress("One uncounted start of each contender")
    for prepared in run.prepared:
        with run.attempt(prepared.name):
            _seconds_to_first_prediction(prepared, utterance)


def _measure(run: Run, utterance: str) -> Seconds:
    measured = defaultdict(list)
    for prepared in run.rounds():
        with run.attempt(prepared.name):
            measured[prepared.name].append(_seconds_to_first_prediction(prepared, utterance))
    return measured


def _seconds_to_first_prediction(prepared: PreparedContender, utterance: str) -> float:
    with serving(prepared.launch()) as server:
        return prepared.await_prediction(server, utterance)


def _table(spreads: Mapping[str, Spread], *, ours: str) -> Table:
    table = Table("", title="Start of the process to first prediction", title_justify="left")
    for column in ("median s", "least", "most", "to ours", "to hello"):
        table.add_column(column, justify="right")
    for name, spread in spreads.items():
        times = (f"{value:.3f}" for value in (spread.median, spread.least, spread.most))
        ratios = (_ratio(spread, spreads.get(base)) for base in (ours, HELLO.name))
        table.add_row(name, *times, *ratios)
    return table


def _ratio(spread: Spread, base: Spread | None) -> str:
    return f"{spread.median / base.median:.2f}x" if base else ""


if __name__ == "__main__":
    sys.exit(main())
