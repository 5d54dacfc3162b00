"""Measure accuracy on public data sets: ``python -m benchmarks.accuracy``.

Train on the official train split of each set, choose hyperparameters on that split alone, and
evaluate once on the test split, for each kind of features. Needs the data sets next to the project.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean, median
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from rich.table import Table
from threadpoolctl import threadpool_limits

from benchmarks.reporting.console import console, progress
from benchmarks.reporting.results import write
from benchmarks.system.paths import ROOT
from model.datasets.checks import by_intent
from model.datasets.dataset import Dataset, normalised
from model.datasets.readers import Example, read_examples
from model.evaluation.metrics import evaluate
from model.inference.intent_model import IntentModel
from model.learning.augmentation import add_typos
from model.learning.embeddings import Features
from model.training.fitted_model import MODEL_NAME
from model.training.record import REJECT_BUDGET, Options
from model.training.trainer import train

DATA = ROOT.parent / "shared" / "data"
SETS = {"CLINC150": "clinc150", "MASSIVE-en": "massive_en", "SNIPS": "snips"}
MIN_IN_SCOPE_ACCURACY = 0.905
SHOTS = (10, 5)
SEEDS = range(3)
# Published in-scope accuracy on CLINC150.
PUBLISHED = {
    "SVM": 91.0,
    "fastText": 89.0,
    "Dialogflow": 91.7,
    "Rasa": 91.5,
    "USE + MLP": 93.5,
    "BERT": 96.9,
}
SOURCE = "Larson et al. 2019, table 2"


@dataclass(frozen=True, slots=True)
class Result:
    """Results of one model on one test split; shares are 0 to 1, None if not measured.

    ``calibration_error`` is that of the known intents on the test split, the joint one that of the
    returned confidences on the test split and the out-of-scope test together.
    ``out_of_scope_recall`` is the share of out-of-scope texts found at an unchanged in-scope
    accuracy, ``out_of_scope_found`` that at 5 % of the test split rejected.
    """

    name: str
    features: Features
    accuracy: float
    macro_f1: float
    calibration_error: float
    joint_calibration_error: float | None
    typos: float
    out_of_scope_auroc: float | None
    out_of_scope_recall: float | None
    out_of_scope_found: float | None
    training_s: float
    predict_p50_ms: float
    load_ms: float
    file_mb: float


Shots = Mapping[int, float]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    kinds = get_args(Features)
    parser.add_argument("--features", nargs="+", choices=kinds, default=kinds)
    kinds = parser.parse_args(arguments).features
    if not DATA.is_dir():
        console.print(f"The folder with the data sets is missing: {DATA.name}")
        return 1
    results: list[Result] = []
    shots: dict[Features, Shots] = {}
    with threadpool_limits(limits=1):
        for features in kinds:
            results += measure_all(features)
            shots[features] = few_shots(features)
    console.print(table(results, shots))
    content = {
        "results": [asdict(result) for result in results],
        "few_shot": shots,
        "published": {"source": SOURCE, "accuracy": PUBLISHED},
    }
    console.print(f"Wrote {write('accuracy', content)}")
    return 0


def measure_all(features: Features) -> list[Result]:
    """Measure all data sets, and CLINC150 also with its out-of-scope training texts."""
    sets = {name: read(DATA / folder) for name, folder in SETS.items()}
    clinc = sets["CLINC150"]
    given = tuple(each.text for each in read_examples(DATA / "clinc150" / "oos_train.csv"))
    with_given = Dataset(clinc.train, clinc.test, given, clinc.out_of_scope_test)
    sets[f"CLINC150 ({len(given)} given)"] = with_given
    return [measure(name, dataset, features) for name, dataset in sets.items()]


def few_shots(features: Features) -> Shots:
    """Return the mean accuracy on CLINC150 for each number of utterances per intent."""
    clinc = read(DATA / SETS["CLINC150"])
    return {
        count: fmean(few_shot(clinc, count, seed, features) for seed in SEEDS) for count in SHOTS
    }


def read(folder: Path) -> Dataset:
    """Read a data set in its official splits.

    Training texts that also occur in the test are left out, because they would leak labels.
    """
    test = read_examples(folder / "test.csv")
    tested = {normalised(example.text) for example in test}
    unique = {normalised(example.text): example for example in read_examples(folder / "train.csv")}
    train_part = tuple(example for text, example in unique.items() if text not in tested)
    out_of_scope = folder / "oos_test.csv"
    texts = [each.text for each in read_examples(out_of_scope)] if out_of_scope.exists() else []
    return Dataset(train_part, tuple(test), (), tuple(texts))


def measure(name: str, dataset: Dataset, features: Features) -> Result:
    """Train a model, and evaluate it once on the test split."""
    progress(f"{name}, {features}: training on {len(dataset.train)} utterances")
    started = time.monotonic()
    trained = train(dataset, Options(features=features), progress=progress)
    training_s = time.monotonic() - started
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / MODEL_NAME
        trained.save(path.parent)
        started = time.perf_counter()
        model = IntentModel.load(path)
        load_ms = 1000 * (time.perf_counter() - started)
    evaluation = evaluate(model, dataset.test, dataset.out_of_scope_test)
    texts = dataset.out_of_scope_test
    return Result(
        name=name,
        features=features,
        accuracy=evaluation.accuracy,
        macro_f1=evaluation.macro_f1,
        calibration_error=evaluation.calibration_error,
        joint_calibration_error=evaluation.joint_calibration_error,
        typos=accuracy_with_typos(model, dataset.test),
        out_of_scope_auroc=evaluation.out_of_scope_auroc,
        out_of_scope_recall=recall_at_accuracy(model, dataset.test, texts) if texts else None,
        out_of_scope_found=found_at_budget(model, dataset.test, texts) if texts else None,
        training_s=training_s,
        predict_p50_ms=latency_ms(model, [each.text for each in dataset.test]),
        load_ms=load_ms,
        file_mb=trained.served_bytes / 1e6,
    )


def accuracy_with_typos(model: IntentModel, test: Sequence[Example]) -> float:
    """Return the mean accuracy over several copies of the test set with typos."""
    accuracies = []
    for seed in SEEDS:
        rng = random.Random(seed)  # noqa: S311 - no secret
        probabilities, _ = model.score([add_typos(each.text, rng) for each in test])
        accuracies.append(float(is_recognised(model, probabilities, test).mean()))
    return fmean(accuracies)


def is_recognised(
    model: IntentModel, probabilities: NDArray[np.float64], test: Sequence[Example]
) -> NDArray[np.bool_]:
    """Return whether the most likely known intent of each text is that of its example."""
    labels = np.array(model.card.labels)[probabilities.argmax(axis=1)]
    return np.asarray(labels == np.array([each.intent for each in test]))


def recall_at_accuracy(
    model: IntentModel, test: Sequence[Example], out_of_scope: Sequence[str]
) -> float:
    """Return the share of out-of-scope texts detected at unchanged in-scope accuracy.

    A rejected in-scope utterance counts as an error.
    """
    probabilities, scores = model.score([example.text for example in test])
    is_right = is_recognised(model, probabilities, test)
    others = model.score(out_of_scope)[1]
    thresholds = np.sort(scores[is_right])
    # A threshold at index n of the sorted scores rejects n correct predictions.
    spare = len(thresholds) - int(np.ceil(MIN_IN_SCOPE_ACCURACY * len(test)))
    return float((others < thresholds[spare]).mean()) if spare >= 0 else 0.0


def found_at_budget(
    model: IntentModel, test: Sequence[Example], out_of_scope: Sequence[str]
) -> float:
    """Return the share of out-of-scope texts found if the reject budget is spent on the test."""
    scores = model.score([example.text for example in test])[1]
    others = model.score(out_of_scope)[1]
    return float((others < np.quantile(scores, REJECT_BUDGET)).mean())


def few_shot(dataset: Dataset, count: int, seed: int, features: Features) -> float:
    """Return the accuracy of a model trained on few utterances of each intent."""
    progress(f"CLINC150, {features}: training on {count} utterances per intent, draw {seed + 1}")
    groups = sorted(by_intent(dataset.train).items())
    rng = random.Random(seed)  # noqa: S311 - no secret
    drawn = [example for _, group in groups for example in rng.sample(group, count)]
    few = Dataset(tuple(drawn), dataset.test)
    options = Options(seed=seed, features=features)
    return train(few, options, progress=lambda _: None).evaluation.accuracy


def latency_ms(model: IntentModel, texts: Sequence[str]) -> float:
    """Return the median time of one prediction."""
    times = []
    for text in texts:
        started = time.perf_counter()
        model.predict([text])
        times.append(time.perf_counter() - started)
    return 1000 * median(times)


def table(results: Sequence[Result], shots: Mapping[Features, Shots]) -> Table:
    """Return a table of the results next to published ones."""
    shown = Table("test split", "features", title="Accuracy", title_justify="left")
    columns = ("accuracy", "macro-F1", "ECE", "typos", "AUROC", "joint ECE", "recall", "found")
    for column in (*columns, "train s", "p50 ms", "load ms", "MB"):
        shown.add_column(column, justify="right")
    for each in results:
        scope = (
            each.out_of_scope_auroc,
            each.joint_calibration_error,
            each.out_of_scope_recall,
            each.out_of_scope_found,
        )
        shown.add_row(
            each.name,
            each.features,
            f"{each.accuracy:.2%}",
            f"{each.macro_f1:.2%}",
            f"{each.calibration_error:.4f}",
            f"{each.typos:.2%}",
            *("" if share is None else f"{share:.4f}" for share in scope),
            f"{each.training_s:.0f}",
            f"{each.predict_p50_ms:.3f}",
            f"{each.load_ms:.0f}",
            f"{each.file_mb:.2f}",
        )
    shown.add_section()
    for features, accuracies in shots.items():
        for count, accuracy in accuracies.items():
            shown.add_row(f"CLINC150, {count} an intent", features, f"{accuracy:.2%}")
    shown.add_section()
    for system, percent in PUBLISHED.items():
        shown.add_row(f"CLINC150, {SOURCE}", system, f"{percent:.2f}%")
    return shown


if __name__ == "__main__":
    sys.exit(main())
