"""Rows of test results for people: names, values and intervals, in one order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from model.evaluation.confidence_intervals import Interval
from model.evaluation.metrics import Evaluation

NAMES = {
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "calibration_error": "calibration error",
    "rejected": "good messages rejected",
    "out_of_scope_recall": "out-of-scope texts found",
    "out_of_scope_precision": "of the rejected texts, out of scope",
    "out_of_scope_auroc": "out-of-scope AUROC",
    "joint_calibration_error": "calibration error, out-of-scope texts included",
}
AS_NUMBERS = {"calibration_error", "out_of_scope_auroc", "joint_calibration_error"}


@dataclass(frozen=True, slots=True)
class Result:
    """A result with its name and 95 % interval; ``form`` is the format of its numbers."""

    name: str
    value: float
    interval: Interval
    form: str = ".1%"


def shown_results(evaluation: Evaluation) -> list[Result]:
    """Return all results, the most important first."""
    noisy = [
        Result(f"accuracy with {name}", share, evaluation.intervals[name])
        for name, share in evaluation.robustness.items()
    ]
    contrasts = [
        Result(f"{name}: right, or unsure", share, evaluation.intervals[name])
        for name, share in evaluation.contrast.items()
    ]
    return [*_named(evaluation), *noisy, *contrasts]


def _named(evaluation: Evaluation) -> Iterator[Result]:
    for name, shown in NAMES.items():
        value = getattr(evaluation, name)
        if value is not None:
            form = ".3f" if name in AS_NUMBERS else ".1%"
            yield Result(shown, value, evaluation.intervals[name], form)
