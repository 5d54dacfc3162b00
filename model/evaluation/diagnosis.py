"""Diagnose the training data: its quality, its issues, and whether more of it would help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from model.datasets.checked import read_checked
from model.evaluation.data_issues import DataIssues, find_data_issues
from model.evaluation.labelled_predictions import LabelledPredictions
from model.evaluation.learning_curve import LearningCurve, learning_curve
from model.evaluation.metrics import Evaluation, summarise
from model.learning.cross_validation import HeldOut, Progress
from model.learning.training_set import TrainingSet

CARD_RESULTS = ("accuracy", "macro_f1", "calibration_error")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Diagnosis of the training data, by models that were not trained on what they score.

    Attributes:
        results: results of cross-validation, on all training utterances.
        issues: issues of the data.
        curve: the learning curve, which shows whether more data would help.
    """

    results: Evaluation
    issues: DataIssues
    curve: LearningCurve

    def for_card(self) -> dict[str, Any]:
        """Return the numbers that the model card holds."""
        return {
            "cross_validation": {name: getattr(self.results, name) for name in CARD_RESULTS}
            | {"intervals": {name: asdict(self.results.intervals[name]) for name in CARD_RESULTS}},
            "learning_curve": asdict(self.curve),
        }


def diagnose(
    training_set: TrainingSet,
    held_out: HeldOut,
    predictions: Sequence[LabelledPredictions],
    *,
    seed: int,
    progress: Progress,
) -> Diagnosis:
    """Diagnose the training data.

    ``predictions`` are first those of cross-validation for the training utterances, then those for
    further utterances whose issues matter, by a model not trained on them.
    """
    curve = learning_curve(training_set, held_out, seed=seed, progress=progress)
    progress("Searching the data for issues")
    unseen = LabelledPredictions.joined(predictions)
    issues = find_data_issues(unseen).without(read_checked(unseen.examples))
    return Diagnosis(summarise(predictions[0]), issues, curve)
