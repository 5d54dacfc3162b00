"""What training tells about its data: how far it reaches, what to mend, and whether to add more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from model.evaluation.data_issues import DataIssues, find
from model.evaluation.labelled_predictions import LabelledPredictions
from model.evaluation.learning_curve import LearningCurve, learning_curve
from model.evaluation.metrics import Evaluation, summarise
from model.learning.cross_validation import HeldOut, Progress
from model.learning.training_set import TrainingSet

CARD_RESULTS = ("accuracy", "macro_f1", "calibration_error")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is known of the training data, all by models that have not seen what they score.

    Attributes:
        results: of cross-validation: a test on all training utterances.
        findings: what to mend first.
        curve: whether more data would help.
    """

    results: Evaluation
    findings: DataIssues
    curve: LearningCurve

    def for_card(self) -> dict[str, Any]:
        """Give the numbers that the model card keeps."""
        return {
            "cross_validation": {name: getattr(self.results, name) for name in CARD_RESULTS}
            | {"intervals": {name: asdict(self.results.intervals[name]) for name in CARD_RESULTS}},
            "learning_curve": asdict(self.curve),
        }


def diagnose(
    corpus: TrainingSet,
    held_out: HeldOut,
    answers: Sequence[LabelledPredictions],
    *,
    seed: int,
    progress: Progress,
) -> Diagnosis:
    """Look into the training data.

    Args:
        corpus: what is trained on.
        held_out: what cross-validation found, with the same seed.
        answers: the same as answers to the training utterances; and those to others that are to be
            mended as well, by a model that has not seen them.
        seed: of all that is random.
        progress: is told each step as it begins.
    """
    curve = learning_curve(corpus, held_out, seed=seed, progress=progress)
    progress("Looking for what to mend in the data")
    return Diagnosis(summarise(answers[0]), find(LabelledPredictions.joined(answers)), curve)
