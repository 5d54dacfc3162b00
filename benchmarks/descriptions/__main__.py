"""Measure models that learn from descriptions: ``python -m benchmarks.descriptions``.

Models know the intents' names alone, their descriptions, or a few utterances of each intent with or
without descriptions. They are tested on texts of CLINC150's validation split, whose descriptions
were written from the names before anything was measured, and of the shipped test data, with its own
descriptions. A run with options keeps the results of the models that it does not measure.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import get_args

from rich.table import Table
from threadpoolctl import threadpool_limits

from benchmarks.reporting.console import console, progress
from benchmarks.reporting.results import read, write
from benchmarks.system.paths import RESULTS, ROOT
from model.datasets.checks import by_intent
from model.datasets.dataset import Dataset, load_dataset
from model.datasets.entry import DESCRIPTION
from model.datasets.readers import Example, read_examples
from model.datasets.readers import read as read_data
from model.evaluation.labelled_predictions import LabelledPredictions
from model.evaluation.metrics import summarise
from model.inference.model_card import IntentDescription
from model.learning.embeddings import Features
from model.learning.training_set import words_of_name
from model.training.record import Options
from model.training.trainer import fit

CLINC150 = ROOT.parent / "shared" / "data" / "clinc150"
DESCRIPTIONS = ROOT / "benchmarks" / "data" / "clinc150_descriptions.yaml"
SHIPPED = ROOT / "model" / "data"
SHOTS = (0, 5)
TESTED = 1000  # texts of each data set, drawn at random
NAME = "descriptions"
NAMES, DESCRIBED = "names", "descriptions"

Descriptions = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Result:
    """Results of one model.

    Attributes:
        data, features: the data set, and the kind of features.
        known: how the intents were described.
        shots: the number of utterances of each intent.
        accuracy: the share of tested utterances whose most likely intent is right, 0 to 1.
        calibration_error: the expected calibration error of the most likely intents, 0 to 1.
    """

    data: str
    features: Features
    known: str
    shots: int
    accuracy: float
    calibration_error: float


@dataclass(frozen=True, slots=True)
class Task:
    """Utterances to learn from and to test on, and descriptions of their intents.

    Attributes:
        shots: the numbers of utterances of each intent that models know.
    """

    name: str
    train: Sequence[Example]
    test: Sequence[Example]
    descriptions: Descriptions
    shots: Sequence[int] = SHOTS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.descriptions", description=__doc__)
    kinds = get_args(Features)
    parser.add_argument("--features", nargs="+", choices=kinds, default=kinds)
    parser.add_argument("--shots", nargs="+", type=int, choices=SHOTS, default=SHOTS)
    options = parser.parse_args(arguments)
    results: list[Result] = []
    with threadpool_limits(limits=1):
        for task in _tasks():
            for features in options.features:
                results += _measure(task, features, options.shots)
    console.print(table(results))
    console.print(f"Wrote {_write(results)}")
    return 0


def _write(results: Sequence[Result]) -> Path:
    """Write results, and keep those of models that were not measured now."""
    path = RESULTS / f"{NAME}.json"
    former = [Result(**each) for each in read(NAME)["results"]] if path.exists() else []
    rows = {(*astuple(each)[:4],): asdict(each) for each in (*former, *results)}
    return write(NAME, {"results": [rows[key] for key in sorted(rows)]})


def _tasks() -> Iterator[Task]:
    shipped = load_dataset(SHIPPED, seed=0, test_size=0.2)
    texts = {intent: each.description for intent, each in shipped.descriptions.items()}
    if CLINC150.is_dir():
        train_part, test = (read_examples(CLINC150 / f"{part}.csv") for part in ("train", "val"))
        own = {each.intent: each.text for each in read_data(DESCRIPTIONS).descriptions}
        yield Task("CLINC150, validation", train_part, _drawn(test), own)
    yield Task("shipped, test", (), _drawn(shipped.test), texts, shots=(0,))


def _drawn(examples: Sequence[Example]) -> list[Example]:
    return random.Random(0).sample(list(examples), TESTED)  # noqa: S311 - no secret


def _measure(task: Task, features: Features, shots: Sequence[int]) -> Iterator[Result]:
    names = {intent: words_of_name(intent) for intent in task.descriptions}
    for count in sorted({*task.shots} & {*shots}):
        for known, descriptions in ((NAMES, names), (DESCRIBED, task.descriptions)):
            if features == "tfidf" and count < 2:  # noqa: PLR2004 - refused: it needs vectors
                continue
            progress(f"{task.name}, {features}: {known}, {count} utterances an intent")
            dataset = _dataset(task, count, {} if count and known == NAMES else descriptions)
            fitted = fit(dataset, Options(features=features), progress=lambda _: None)
            evaluation = summarise(LabelledPredictions.of(fitted.model, task.test, ()))
            yield Result(
                task.name,
                features,
                known,
                count,
                evaluation.accuracy,
                evaluation.calibration_error,
            )


def _dataset(task: Task, count: int, descriptions: Descriptions) -> Dataset:
    """Return a few utterances of each intent, drawn at random, or descriptions alone."""
    groups = sorted(by_intent(task.train).items())
    rng = random.Random(0)  # noqa: S311 - no secret
    drawn = [each for _, group in groups for each in rng.sample(group, count)]
    alone = [
        Example(text, intent, Path(), 0, DESCRIPTION)
        for intent, text in sorted(descriptions.items())
        if not count
    ]
    described = {intent: IntentDescription(text) for intent, text in descriptions.items()}
    return Dataset((*drawn, *alone), tuple(task.test), descriptions=described)


def table(results: Sequence[Result]) -> Table:
    """Return a table of the results."""
    shown = Table("data", "features", "utterances", "known", title="Descriptions")
    for name in ("accuracy", "ECE"):
        shown.add_column(name, justify="right")
    for each in results:
        shown.add_row(
            each.data,
            each.features,
            str(each.shots),
            each.known,
            f"{each.accuracy:.1%}",
            f"{each.calibration_error:.3f}",
        )
    return shown


if __name__ == "__main__":
    sys.exit(main())
