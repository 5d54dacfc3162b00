"""Train a model, find what is worth a look, and compare with an earlier model.

The desk runs this module as a process: ``python -m model.desk.examination``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from threadpoolctl import threadpool_limits

from model.command import build_parser, run_command
from model.datasets.dataset import Dataset, load_dataset, normalised
from model.desk.findings import of_issues
from model.evaluation.comparison import Comparison
from model.evaluation.data_issues import find_data_issues
from model.evaluation.labelled_predictions import LabelledPredictions
from model.inference.intent_model import IntentModel
from model.reporting.comparison_report import to_fields
from model.training.fitted_model import MODEL_NAME, FittedModel
from model.training.record import Options
from model.training.trainer import fit

RESULT_NAME = "examination.json"
TEST_SIZE = 0.2
MAX_NEIGHBOURS = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the process, and return its exit code."""
    options = _parser().parse_args(arguments)
    return run_command(partial(_examine, options), output=options.folder)


def _examine(options: argparse.Namespace, console: Console, _: Console) -> int:
    dataset = load_dataset(options.data, seed=0, test_size=TEST_SIZE, leave_out_contradictions=True)
    if options.before and dataset.test_size is not None:
        dataset = _with_same_test(dataset, options.before)
    # The matrices are small: with more threads, training takes twice the time.
    with threadpool_limits(limits=1):
        fitted = fit(dataset, Options(), progress=console.print)
        fitted.save(options.folder)
        console.print("Looking for labels that the model doubts, near-duplicates and confusions")
        result = _result(fitted, dataset, console.print)
    if options.before:
        console.print(f"Comparing both models on {len(dataset.test)} utterances")
        result["comparison"] = _comparison(options.before, fitted, dataset)
    (options.folder / RESULT_NAME).write_text(json.dumps(result), encoding="utf-8")
    return 0


def _with_same_test(dataset: Dataset, before: Path) -> Dataset:
    """Return the data with the test texts of the earlier model, which it was not trained on."""
    earlier = json.loads((before / RESULT_NAME).read_text(encoding="utf-8"))
    texts = set(earlier["test_texts"])
    test = tuple(each for each in dataset.test if normalised(each.text) in texts)
    moved = tuple(each for each in dataset.train if normalised(each.text) in texts)
    train = tuple(each for each in dataset.train if normalised(each.text) not in texts)
    back = tuple(each for each in dataset.test if normalised(each.text) not in texts)
    return replace(dataset, train=train + back, test=test + moved)


def _result(
    fitted: FittedModel, dataset: Dataset, progress: Callable[[str], None]
) -> dict[str, Any]:
    held_out = LabelledPredictions.of_held_out(
        dataset.train, fitted.card.labels, fitted.held_out, fitted.calibration
    )
    issues = find_data_issues(held_out, progress)
    return {
        "findings": [each.to_fields() for each in of_issues(issues)],
        "neighbours": _neighbours(fitted),
        "test_texts": [normalised(each.text) for each in dataset.test],
    }


def _neighbours(fitted: FittedModel) -> dict[str, list[str]]:
    """Return the intents that held-out models find likeliest for the utterances of an intent."""
    probabilities = fitted.calibration.temperature.probabilities(fitted.held_out.logits)
    targets, labels = fitted.training_set.targets[fitted.held_out.scored], fitted.card.labels
    nearest = {}
    for number in np.unique(targets).tolist():
        means = probabilities[targets == number].mean(axis=0)
        order = [labels[at] for at in np.argsort(-means, kind="stable") if at != number]
        nearest[labels[number]] = order[:MAX_NEIGHBOURS]
    return nearest


def _comparison(before: Path, fitted: FittedModel, dataset: Dataset) -> dict[str, Any]:
    texts = [each.text for each in dataset.test]
    true = [each.intent for each in dataset.test]
    earlier = IntentModel.load(before / MODEL_NAME)
    comparison = Comparison(texts, true, earlier.predict(texts), fitted.model.predict(texts))
    return to_fields(comparison) | {"flows": comparison.flows}


def _parser() -> argparse.ArgumentParser:
    parser = build_parser("desk.examination", "Train a model and examine its training data.")
    parser.add_argument("data", type=Path, help="the file or folder to train on")
    parser.add_argument("folder", type=Path, help="folder for the model and the results")
    parser.add_argument("--before", type=Path, help="folder of the earlier model")
    return parser


if __name__ == "__main__":
    sys.exit(main())
