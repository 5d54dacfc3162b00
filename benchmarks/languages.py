"""Measure a model in languages that it was not trained in: ``python -m benchmarks.languages``.

Train on the shipped English data with the multilingual sentence encoder, and classify a hundred
sentences in each of six other languages, for twenty of the intents. ``--development`` classifies
the sentences in seven languages by which the features were chosen; some are out of scope.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean

from rich.table import Table
from threadpoolctl import threadpool_limits

from benchmarks.reporting.console import console, progress
from benchmarks.reporting.results import write
from benchmarks.system.paths import ROOT
from model.datasets.dataset import load_dataset
from model.inference.intent_model import IntentModel
from model.inference.prediction import OUT_OF_SCOPE, Prediction
from model.training.fitted_model import MODEL_NAME
from model.training.record import Options
from model.training.trainer import fit

SENTENCES = ROOT / "benchmarks" / "data" / "multilingual.csv"
DEVELOPMENT = ROOT / "benchmarks" / "data" / "multilingual_development.csv"


@dataclass(frozen=True, slots=True)
class LanguageResult:
    """Results in one language, 0 to 1.

    Attributes:
        most_likely: the share of sentences whose most likely known intent is right.
        returned: the share whose returned intent is right: neither another nor ``out_of_scope``.
        out_of_scope_found: the share of the sentences out of scope that are rejected; None without
            any.
    """

    most_likely: float
    returned: float
    out_of_scope_found: float | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.languages", description=__doc__)
    parser.add_argument("--model", type=Path, help="a trained model's folder, instead of training")
    parser.add_argument("--development", action="store_true", help="use the development sentences")
    options = parser.parse_args(arguments)
    folder = options.model
    with threadpool_limits(limits=1), tempfile.TemporaryDirectory() as temporary:
        if folder is None:
            folder = Path(temporary)
            dataset = load_dataset(ROOT / "model" / "data", seed=0, test_size=0.2)
            fit(dataset, Options(features="use"), progress=progress).save(folder)
        model = IntentModel.load(folder / MODEL_NAME)
        results = measure(model, DEVELOPMENT if options.development else SENTENCES)
    console.print(table(results))
    name = "languages_development" if options.development else "languages"
    content = {"results": {language: asdict(each) for language, each in results.items()}}
    console.print(f"Wrote {write(name, content)}")
    return 0


def measure(model: IntentModel, sentences: Path) -> Mapping[str, LanguageResult]:
    """Return the results of each language."""
    with sentences.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    predictions = model.predict([row["text"] for row in rows], top_k=2)
    by_language: dict[str, list[tuple[str, Prediction]]] = {}
    for row, prediction in zip(rows, predictions, strict=True):
        by_language.setdefault(row["language"], []).append((row["intent"], prediction))
    return {language: result_of(pairs) for language, pairs in by_language.items()}


def result_of(pairs: Sequence[tuple[str, Prediction]]) -> LanguageResult:
    """Return the result of sentences of one language: their intents and predictions."""
    known = [(intent, each) for intent, each in pairs if intent != OUT_OF_SCOPE]
    others = [each.intent == OUT_OF_SCOPE for intent, each in pairs if intent == OUT_OF_SCOPE]
    return LanguageResult(
        fmean(most_likely_intent(each) == intent for intent, each in known),
        fmean(each.intent == intent for intent, each in known),
        fmean(others) if others else None,
    )


def most_likely_intent(prediction: Prediction) -> str:
    """Return the most likely known intent."""
    return next(each.intent for each in prediction.alternatives if each.intent != OUT_OF_SCOPE)


def table(results: Mapping[str, LanguageResult]) -> Table:
    """Return a table of the results."""
    shown = Table("language", title="Trained on English alone", title_justify="left")
    shown.add_column("most likely intent right", justify="right")
    shown.add_column("returned intent right", justify="right")
    shown.add_column("out of scope found", justify="right")
    for language, each in results.items():
        shares = (each.most_likely, each.returned, each.out_of_scope_found)
        shown.add_row(language, *("" if share is None else f"{share:.1%}" for share in shares))
    return shown


if __name__ == "__main__":
    sys.exit(main())
