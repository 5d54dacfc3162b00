"""Compare the data engines: ``python -m benchmarks.bulk --engines``."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

import pyarrow as pa
from pyarrow import parquet
from rich.table import Table

from benchmarks.contenders.environments import Environment, prepare_environment
from benchmarks.engines.rates import ENGINES, Engine, Tables, measure
from benchmarks.reporting import results
from benchmarks.reporting.console import console, progress
from benchmarks.system.paths import PEERS, ROOT, WORK

REQUIREMENTS = (ROOT / "requirements" / "engines.txt", PEERS / "classic" / "requirements.txt")
WARM_UP_ROWS = 10_000

Rates = Mapping[str, float]


def compare_engines(texts: Sequence[str], model: Path, rows: int, rounds: int) -> Path:
    """Measure each engine in turn, print a table, and return the path of the results.

    Args:
        texts: repeated up to the number of rows.
        model: the pickle, with the compiled form beside it.
        rows: of the table that all but the slowest engines label.
        rounds: each runs all engines; the result is the median by processor time.
    """
    load_average = os.getloadavg()[0]
    environment = prepare_environment("engines", REQUIREMENTS)
    measured: dict[str, list[Rates]] = {engine.title: [] for engine in ENGINES}
    for number in range(rounds):
        for engine in ENGINES:
            progress(f"Round {number + 1} of {rounds}: {engine.title}")
            measured[engine.title].append(_measure(engine, environment, model, texts, rows))
    medians = {title: _median(rates) for title, rates in measured.items()}
    console.print(_table(medians))
    return results.write("engines", {"load_average_before": load_average, "engines": medians})


def _measure(
    engine: Engine, environment: Environment, model: Path, texts: Sequence[str], rows: int
) -> Rates:
    count = int(rows * engine.share)
    tables = Tables(
        _write("engines-small", texts, WARM_UP_ROWS), _write("engines", texts, count), count
    )
    return measure(engine, environment, model, tables)


def _write(name: str, texts: Sequence[str], rows: int) -> Path:
    path = WORK / f"{name}.parquet"
    messages = [texts[number % len(texts)] for number in range(rows)]
    parquet.write_table(pa.table({"id": range(rows), "message": messages}), path)
    return path


def _median(rates: Sequence[Rates]) -> Rates:
    return {key: median(each[key] for each in rates) for key in rates[0]}


def _table(medians: Mapping[str, Rates]) -> Table:
    table = Table("engine", title="Rows per second", title_justify="left")
    for column in ("a second of processor time", "of model.predict's", "by the clock", "MiB"):
        table.add_column(column, justify="right")
    best = next(iter(medians.values()))["rows_per_processor_s"]
    for title, rates in medians.items():
        table.add_row(
            title,
            f"{rates['rows_per_processor_s']:,.0f}",
            f"{rates['rows_per_processor_s'] / best:.0%}",
            f"{rates['rows_per_s']:,.0f}",
            f"{rates['memory_mib']:,.0f}",
        )
    return table
