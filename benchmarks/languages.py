"""Measure a model in languages that it was not trained in: ``python -m benchmarks.languages``.

Train on the shipped English data with the multilingual sentence encoder, and classify a hundred
sentences in each of six other languages, for twenty of the intents.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from rich.table import Table
from threadpoolctl import threadpool_limits

from benchmarks.paths import ROOT
from benchmarks.reporting.console import console, progress
from benchmarks.reporting.results import write
from model.datasets.dataset import load_dataset
from model.inference.intent_model import IntentModel
from model.inference.prediction import OUT_OF_SCOPE
from model.training.trainer import MODEL_NAME, Options, fit

SENTENCES = ROOT / "benchmarks" / "data" / "multilingual.csv"


@dataclass(frozen=True, slots=True)
class LanguageResult:
    """Results in one language, 0 to 1.

    Attributes:
        most_likely: the share of sentences whose most likely known intent is right.
        returned: the share whose returned intent is right: neither another nor ``out_of_scope``.
    """

    most_likely: float
    returned: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.languages", description=__doc__)
    parser.add_argument("--model", type=Path, help="a trained model's folder, instead of training")
    folder = parser.parse_args(arguments).model
    with threadpool_limits(limits=1), tempfile.TemporaryDirectory() as temporary:
        if folder is None:
            folder = Path(temporary)
            dataset = load_dataset(ROOT / "model" / "data", seed=0, test_size=0.2)
            fit(dataset, Options(features="use"), progress=progress).save(folder)
        results = measure(IntentModel.load(folder / MODEL_NAME))
    console.print(table(results))
    console.print(f"Wrote {write('languages', {'results': results_for_json(results)})}")
    return 0


def measure(model: IntentModel) -> Mapping[str, LanguageResult]:
    """Return the results of each language."""
    with SENTENCES.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    predictions = model.predict([row["text"] for row in rows], top_k=2)
    outcomes: dict[str, list[tuple[bool, bool]]] = {}
    for row, prediction in zip(rows, predictions, strict=True):
        ranked = [each.intent for each in prediction.alternatives if each.intent != OUT_OF_SCOPE]
        outcome = ranked[0] == row["intent"], prediction.intent == row["intent"]
        outcomes.setdefault(row["language"], []).append(outcome)
    return {
        language: LanguageResult(*map(fmean, zip(*shares, strict=True)))
        for language, shares in outcomes.items()
    }


def results_for_json(results: Mapping[str, LanguageResult]) -> dict[str, dict[str, float]]:
    """Return the results as JSON objects."""
    return {
        language: {"most_likely": each.most_likely, "returned": each.returned}
        for language, each in results.items()
    }


def table(results: Mapping[str, LanguageResult]) -> Table:
    """Return a table of the results."""
    shown = Table("language", title="Trained on English alone", title_justify="left")
    shown.add_column("most likely intent right", justify="right")
    shown.add_column("returned intent right", justify="right")
    for language, each in results.items():
        shown.add_row(language, f"{each.most_likely:.1%}", f"{each.returned:.1%}")
    return shown


if __name__ == "__main__":
    sys.exit(main())
