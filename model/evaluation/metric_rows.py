"""Rows of test results for people: names, values and intervals, in one order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from model.evaluation.confidence_intervals import Interval
from model.evaluation.metrics import Evaluation

# The name of each metric in the literature, and its meaning.
NAMES = {
    "accuracy": (
        "accuracy",
        "share of in-scope messages whose most likely intent is right",
    ),
    "macro_f1": (
        "macro-F1",
        "mean of the intents' F1 scores, in which each intent counts the same",
    ),
    "calibration_error": (
        "expected calibration error",
        "mean distance between confidence and accuracy; 0 is best",
    ),
    "rejected": (
        "false rejection rate",
        "share of in-scope messages that are taken for out of scope",
    ),
    "out_of_scope_recall": (
        "out-of-scope recall",
        "share of out-of-scope texts that are recognised",
    ),
    "out_of_scope_precision": (
        "out-of-scope precision",
        "share of the rejected texts that are out of scope",
    ),
    "out_of_scope_auroc": (
        "out-of-scope AUROC",
        "separation of in-scope from out-of-scope texts at all thresholds; 1 is best",
    ),
    "joint_calibration_error": (
        "joint calibration error",
        "expected calibration error, out-of-scope texts included",
    ),
}
NOISY = "accuracy on the test messages after this change"
CONTRAST = "share of contrast texts with a right intent, or a confidence below 0.5"
AS_NUMBERS = {"calibration_error", "out_of_scope_auroc", "joint_calibration_error"}


@dataclass(frozen=True, slots=True)
class Result:
    """A result with its 95 % interval.

    Attributes:
        name: of the metric.
        meaning: of the metric, in one line.
        value: the result.
        interval: its confidence interval.
        form: the format of its numbers.
    """

    name: str
    meaning: str
    value: float
    interval: Interval
    form: str = ".1%"


def shown_results(evaluation: Evaluation) -> list[Result]:
    """Return all results, the most important first."""
    noisy = [
        Result(f"accuracy with {name}", NOISY, share, evaluation.intervals[name])
        for name, share in evaluation.robustness.items()
    ]
    contrasts = [
        Result(f"{name}: right, or unsure", CONTRAST, share, evaluation.intervals[name])
        for name, share in evaluation.contrast.items()
    ]
    return [*_named(evaluation), *noisy, *contrasts]


def _named(evaluation: Evaluation) -> Iterator[Result]:
    for name, (shown, meaning) in NAMES.items():
        value = getattr(evaluation, name)
        if value is not None:
            form = ".3f" if name in AS_NUMBERS else ".1%"
            yield Result(shown, meaning, value, evaluation.intervals[name], form)
