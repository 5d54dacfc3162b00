"""Measure how cost grows with intents and n-grams: ``python -m benchmarks.scaling``.

Generates a pipeline of each size and compiles it with the project's own command. Then loads and
predicts alternately with the compiled model and with the same pipeline by joblib and scikit-learn.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import joblib
from rich.table import Table
from threadpoolctl import threadpool_limits

from benchmarks.data.synthetic_pipeline import Size, build
from benchmarks.reporting import results
from benchmarks.reporting.console import console, progress
from benchmarks.system.cpu_affinity import CLIENT_CORE, pinned_to
from benchmarks.system.errors import PreparationError
from benchmarks.system.run_lock import acquire_run_lock
from benchmarks.system.subprocesses import run
from model.inference.intent_model import IntentModel

BY_INTENTS = tuple(Size(intents, 30_000) for intents in (10, 50, 150, 500, 1000))
BY_NGRAMS = tuple(Size(20, ngrams) for ngrams in (1_000, 10_000, 100_000, 1_000_000))
LOADS = 5
WARM_UP_TEXTS = 100
BYTES_PER_MB = 1e6


@dataclass(frozen=True, slots=True)
class Cost:
    """Costs of a model of one size."""

    prediction_p50_ms: float
    load_ms: float
    size_mb: float


@dataclass(frozen=True, slots=True)
class Point:
    """A size and its costs."""

    intents: int
    ngrams: int
    ours: Cost
    sklearn: Cost


def main() -> int:
    """Run the command; the exit code is 1 if a pipeline could not be compiled."""
    options = _parse_options()
    acquire_run_lock()
    # Generated pipelines have no card; each load would log a warning.
    logging.getLogger("model").setLevel(logging.ERROR)
    failures: dict[str, str] = {}
    axes: dict[str, list[Point]] = {}
    with pinned_to(CLIENT_CORE), threadpool_limits(limits=1):
        for axis, sizes in {"intents": BY_INTENTS, "n-grams": BY_NGRAMS}.items():
            chosen = [size for size in sizes if size.ngrams <= options.largest]
            axes[axis] = _measure_all(chosen, failures)
            console.print(_table(axis, axes[axis]))
    fields = {axis: [asdict(point) for point in points] for axis, points in axes.items()}
    if options.largest >= BY_NGRAMS[-1].ngrams:
        console.print(f"Wrote {results.write('scaling', {'failures': failures, 'axes': fields})}")
    return 1 if failures else 0


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    largest = BY_NGRAMS[-1].ngrams
    parser.add_argument(
        "--largest",
        type=int,
        default=largest,
        help=f"skip sizes of more n-grams, and write no results (default {largest})",
    )
    return parser.parse_args()


def _measure_all(sizes: Sequence[Size], failures: dict[str, str]) -> list[Point]:
    points = []
    for size in sizes:
        name = f"{size.intents} intents, {size.ngrams:,} n-grams"
        progress(name)
        try:
            points.append(_measure(size))
        except PreparationError as error:
            failures[name] = str(error)
            console.print(f"{name} failed: {error}\n{error.log_tail}")
    return points


def _measure(size: Size) -> Point:
    pipeline, texts = build(size)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "intent_model.pkl"
        joblib.dump(pipeline, path)
        run((sys.executable, "-m", "model.compile", path), log="compilation")
        ngrams = pipeline[-1].n_features_in_
        del pipeline
        ours, ours_load_ms = _load(IntentModel.load, path)
        sklearn, sklearn_load_ms = _load(joblib.load, path)
        predicts = {"ours": ours.predict, "sklearn": sklearn.predict_proba}
        p50_ms = {name: _p50_ms(predict, texts) for name, predict in predicts.items()}
        compiled = path.with_suffix(".safetensors")
        return Point(
            size.intents,
            ngrams,
            Cost(p50_ms["ours"], ours_load_ms, _size_mb(compiled)),
            Cost(p50_ms["sklearn"], sklearn_load_ms, _size_mb(path)),
        )


def _load(load: Callable[[Path], Any], path: Path) -> tuple[Any, float]:
    times = []
    for _ in range(LOADS):
        model = None  # release the former model before loading the next
        start = time.perf_counter()
        model = load(path)
        times.append((time.perf_counter() - start) * 1000)
    return model, median(times)


def _p50_ms(predict: Callable[[Sequence[str]], Any], texts: Sequence[str]) -> float:
    times = []
    for text in texts:
        start = time.perf_counter()
        predict([text])
        times.append((time.perf_counter() - start) * 1000)
    return median(times[WARM_UP_TEXTS:])


def _size_mb(path: Path) -> float:
    return path.stat().st_size / BYTES_PER_MB


def _table(axis: str, points: Sequence[Point]) -> Table:
    title = f"Growing with {axis}: intent-function, and scikit-learn (sk)"
    table = Table("intents", "n-grams", title=title, title_justify="left")
    for column in ("p50 ms", "sk", "load ms", "sk", "MB", "sk"):
        table.add_column(column, justify="right")
    for point in points:
        costs = zip(astuple(point.ours), astuple(point.sklearn), strict=True)
        cells = (f"{value:.3g}" for pair in costs for value in pair)
        table.add_row(f"{point.intents:,}", f"{point.ngrams:,}", *cells)
    return table


if __name__ == "__main__":
    sys.exit(main())
