"""Measure the labelling of whole tables: ``python -m benchmarks.bulk``, after ``make train``.

The input holds the shipped utterances, shuffled and repeated, as a CSV file of four columns. The
benchmark runs the prediction alone on one core, then the real command on one and on all cores. With
``--engines`` it compares the command with Spark, Ray and DuckDB instead, on Parquet files.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from benchmarks.engines.comparison import compare_engines
from benchmarks.reporting import results
from benchmarks.reporting.console import console, progress
from benchmarks.system.cpu_affinity import CLIENT_CORE, CORES, pinned_to
from benchmarks.system.paths import ROOT, WORK
from benchmarks.system.run_lock import acquire_run_lock
from model.datasets.readers import read_examples
from model.inference.intent_model import IntentModel

MODEL = ROOT / "model" / "artifacts" / "intent_model.pkl"
BATCHES = (256, 512, 1024)
KIB_PER_MIB = 1024


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rows", type=int, default=300_000, help="rows of the table (default 300000)"
    )
    parser.add_argument("--rounds", type=int, default=3, help="number of rounds (default 3)")
    parser.add_argument("--engines", action="store_true", help="compare with data engines instead")
    options = parser.parse_args()
    acquire_run_lock()
    load_average = os.getloadavg()[0]
    texts = _texts()
    if options.engines:
        path = compare_engines(texts, MODEL, options.rows, options.rounds)
        console.print(f"Wrote {path}")
        return 0
    alone = {str(size): _predict(texts, size, options.rounds) for size in BATCHES}
    for size, rate in alone.items():
        console.print(f"prediction alone, one core, {size} at once: {rate:,.0f} per second")
    table = _write_table(texts, options.rows)
    command: dict[str, Mapping[str, float]] = {}
    for jobs in sorted({1, len(CORES)}):
        progress(f"{options.rows:,} rows, {jobs} processes")
        command[str(jobs)] = _label(table, jobs, options.rows, options.rounds)
        rate, cpu_rate, memory = command[str(jobs)].values()
        console.print(
            f"the command, {jobs} processes: {rate:,.0f} per second, {cpu_rate:,.0f} per second of "
            f"processor time, {memory:.0f} MiB"
        )
    measured = {
        "load_average_before": load_average,
        "rows": options.rows,
        "prediction_per_s": alone,
        "command": command,
    }
    console.print(f"Wrote {results.write('bulk', measured)}")
    return 0


def _texts() -> list[str]:
    texts = [each.text for each in read_examples(ROOT / "model" / "data" / "train.csv")]
    random.Random(0).shuffle(texts)  # noqa: S311 - no secret
    return texts


def _predict(texts: Sequence[str], size: int, rounds: int) -> float:
    model = IntentModel.load(MODEL)
    rates = []
    with pinned_to(CLIENT_CORE):
        for _ in range(rounds):
            began = time.perf_counter()
            for start in range(0, len(texts), size):
                model.predict(texts[start : start + size])
            rates.append(len(texts) / (time.perf_counter() - began))
    return median(rates)


def _write_table(texts: Sequence[str], rows: int) -> Path:
    path = WORK / "bulk.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("id", "received", "message", "channel"))
        for number in range(rows):
            text = texts[number % len(texts)]
            writer.writerow((number, "2026-05-02T09:14:00Z", text, "chat"))
    return path


def _label(table: Path, jobs: int, rows: int, rounds: int) -> Mapping[str, float]:
    """Return rows per second by wall clock and by CPU time, start included, and peak memory."""
    output = WORK / "bulk-labelled.csv"
    files = ("--input", table, "--column", "message", "--output", output)
    command = [sys.executable, "-m", "model.predict", *files, "--jobs", jobs, "--force"]
    rates, before = [], _processor_s()
    for _ in range(rounds):
        began = time.perf_counter()
        subprocess.run(  # noqa: S603 - the project's own command
            list(map(str, command)), cwd=ROOT, check=True, stderr=subprocess.DEVNULL
        )
        rates.append(rows / (time.perf_counter() - began))
    memory_mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / KIB_PER_MIB
    return {
        "rows_per_s": median(rates),
        "rows_per_processor_s": rounds * rows / (_processor_s() - before),
        "largest_process_mib": memory_mib,
    }


def _processor_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    sys.exit(main())
