"""Measure predictions without a server: ``python -m benchmarks.in_process``.

Compares the project's model with the scikit-learn pipeline that it was compiled from, alternately
in one process. Each round loads both models, warms them up with training texts, and predicts each
test text once, so that no cache holds a test text.
"""

from __future__ import annotations

import gc
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import joblib
from rich.table import Table
from threadpoolctl import threadpool_limits

from benchmarks.load.patterns import BATCH_SIZE
from benchmarks.reporting.cli import Run, parse_options
from benchmarks.reporting.console import console, progress
from benchmarks.reporting.statistics import percentile
from benchmarks.system.cpu_affinity import CLIENT_CORE, pinned_to
from model.inference.intent_model import IntentModel
from model.inference.sklearn_scorer import PipelineScorer

OURS = "intent-function"
SKLEARN = "scikit-learn"
SIZES = (1, BATCH_SIZE)
WARM_UP_TEXTS = 6400
TURNS = 15

Predict = Callable[[Sequence[str]], Any]
Requests = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Latency:
    """Latencies of one prediction, as medians over the rounds."""

    p50_ms: float
    p99_ms: float


def main() -> int:
    """Run the command."""
    run = Run((), parse_options(__doc__ or "", (), rounds=3))
    latencies = {}
    with pinned_to(CLIENT_CORE), threadpool_limits(limits=1):
        for size in SIZES:
            latencies[size] = _measure(run, size)
            console.print(_table(size, latencies[size]))
    equal = _count_equal_labels(run)
    console.print("Labels equal to scikit-learn's on the test set: {equal} of {of}".format(**equal))
    sizes = {
        str(size): {name: asdict(latency) for name, latency in of_size.items()}
        for size, of_size in latencies.items()
    }
    return run.finish("in_process", {"texts_at_once": sizes, "labels": equal})


def _measure(run: Run, size: int) -> Mapping[str, Latency]:
    warm_up = _requests(run, "train", size)[: WARM_UP_TEXTS // size]
    requests = _requests(run, "test", size)
    rounds: dict[str, list[list[float]]] = defaultdict(list)
    for number in range(1, run.options.rounds + 1):
        progress(f"Round {number} of {run.options.rounds}: {size} at once")
        models = _load(run.model)
        _time_interleaved(models, warm_up)
        for name, times in _time_interleaved(models, requests).items():
            rounds[name].append(times)
    return {name: _latency(of_rounds) for name, of_rounds in rounds.items()}


def _count_equal_labels(run: Run) -> Mapping[str, int]:
    texts = [utterance.text for utterance in run.corpus.read("test")]
    ours = IntentModel.load(run.model)
    # A pipeline alone neither corrects typos nor has a threshold.
    theirs = IntentModel(PipelineScorer(joblib.load(run.model)), ours.card)
    pairs = zip(*(model.predict(texts, top_k=1) for model in (ours, theirs)), strict=True)
    equal = sum(our.alternatives[0].intent == their.alternatives[0].intent for our, their in pairs)
    return {"equal": equal, "of": len(texts)}


def _requests(run: Run, part: str, size: int) -> Requests:
    texts = [utterance.text for utterance in run.corpus.read(part)]
    return [texts[start : start + size] for start in range(0, len(texts) - size + 1, size)]


def _load(path: Path) -> Mapping[str, Predict]:
    return {OURS: IntentModel.load(path).predict, SKLEARN: joblib.load(path).predict_proba}


def _time_interleaved(
    models: Mapping[str, Predict], requests: Requests
) -> Mapping[str, list[float]]:
    # Exclude the modules imported so far from garbage collection: they belong to no model.
    gc.collect()
    gc.freeze()
    times: dict[str, list[float]] = defaultdict(list)
    turn = max(1, len(requests) // TURNS)
    for start in range(0, len(requests), turn):
        for name, predict in models.items():
            times[name] += [_time_ms(predict, each) for each in requests[start : start + turn]]
    return times


def _time_ms(predict: Predict, texts: Sequence[str]) -> float:
    start = time.perf_counter()
    predict(texts)
    return (time.perf_counter() - start) * 1000


def _latency(rounds: Sequence[Sequence[float]]) -> Latency:
    return Latency(
        p50_ms=median(percentile(times, 50) for times in rounds),
        p99_ms=median(percentile(times, 99) for times in rounds),
    )


def _table(size: int, latencies: Mapping[str, Latency]) -> Table:
    table = Table("", title=f"{size} at once, in the process", title_justify="left")
    for column in ("p50 ms", "p99 ms", "p99 / p50", "p50 to ours"):
        table.add_column(column, justify="right")
    base = latencies[OURS].p50_ms
    for name, latency in latencies.items():
        times = (f"{latency.p50_ms:.3f}", f"{latency.p99_ms:.3f}")
        ratios = (f"{latency.p99_ms / latency.p50_ms:.1f}", f"{latency.p50_ms / base:.1f}x")
        table.add_row(name, *times, *ratios)
    return table


if __name__ == "__main__":
    sys.exit(main())
