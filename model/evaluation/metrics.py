"""Metrics of a model on labelled utterances."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from model.datasets.readers import Example
from model.evaluation.confidence_intervals import (
    Interval,
    Measured,
    bootstrap,
    wilson,
    wilson_f1,
)
from model.evaluation.labelled_predictions import LabelledPredictions
from model.evaluation.out_of_scope_metrics import out_of_scope_metrics
from model.inference.intent_model import IntentModel
from model.learning.augmentation import NOISES
from model.learning.linear_model import Floats

CALIBRATION_BINS = 15


@dataclass(frozen=True, slots=True)
class IntentScore:
    """Precision, recall and F1 (0 to 1) of an intent with ``support`` test utterances.

    ``intervals`` holds their confidence intervals by name.
    """

    intent: str
    precision: float
    recall: float
    f1: float
    support: int
    intervals: Mapping[str, Interval] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Confusion:
    """Number of utterances of one intent that were mistaken for another."""

    intent: str
    taken_for: str
    count: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Test results; all shares are 0 to 1.

    Attributes:
        accuracy, macro_f1: metrics of the likeliest known intent, whatever the threshold.
        rejected: share of the in-scope test utterances that are rejected as out of scope.
        intents: scores of each intent that occurs in the test, sorted by name.
        confusions: the most frequent first.
        calibration_error: see ``expected_calibration_error``; of the likeliest known intents'
            probabilities, on utterances in scope.
        robustness: accuracy on each kind of noise, by its name in
            ``model.learning.augmentation``.
        out_of_scope_recall: share of the out-of-scope test texts that are rejected; None without
            such texts.
        out_of_scope_precision: share of out-of-scope texts among all rejected texts, which depends
            on the test's mixture; None without out-of-scope texts, or if no text is rejected.
        out_of_scope_auroc: area under the ROC curve of the probability of being in scope, 0.5 for
            chance; None without out-of-scope texts.
        joint_calibration_error: calibration error of the returned confidences, over utterances and
            out-of-scope texts together; depends on the test's mixture, None without such texts.
        contrast: share of each contrast set that is answered rightly or with a low confidence.
        intervals: 95 % confidence interval of each share, by its name here, in ``robustness`` or
            in ``contrast``.
    """

    accuracy: float
    macro_f1: float
    rejected: float
    intents: tuple[IntentScore, ...]
    confusions: tuple[Confusion, ...]
    calibration_error: float
    robustness: Mapping[str, float]
    out_of_scope_recall: float | None = None
    out_of_scope_precision: float | None = None
    out_of_scope_auroc: float | None = None
    joint_calibration_error: float | None = None
    contrast: Mapping[str, float] = field(default_factory=dict)
    intervals: Mapping[str, Interval] = field(default_factory=dict)

    @property
    def weakest_first(self) -> list[IntentScore]:
        """The intents' scores, the lowest F1 first."""
        return sorted(self.intents, key=lambda score: score.f1)


def evaluate(
    model: IntentModel, test: Sequence[Example], out_of_scope: Sequence[str] = ()
) -> Evaluation:
    """Return the results of testing a model.

    Args:
        model: the model.
        test: labelled utterances that it was not trained on; at least one.
        out_of_scope: texts that fit none of its intents.
    """
    return summarise(LabelledPredictions.of(model, test, out_of_scope), robustness_of(model, test))


def robustness_of(model: IntentModel, test: Sequence[Example]) -> dict[str, float]:
    """Return the accuracy of a model on each kind of noise, 0 to 1."""
    return {name: _noisy_accuracy(model, test, name) for name in NOISES}


def summarise(
    predictions: LabelledPredictions,
    robustness: Mapping[str, float] = MappingProxyType({}),
    contrast: Mapping[str, NDArray[np.bool_]] = MappingProxyType({}),
) -> Evaluation:
    """Return the metrics of predictions.

    Args:
        predictions: predictions for utterances that the model was not trained on; at least one.
        robustness: accuracy on each kind of noise, if measured.
        contrast: whether each text of each contrast set is answered safely, if measured.
    """
    count, is_right = len(predictions.examples), predictions.is_right
    accuracy, rejected = float(is_right.mean()), predictions.rejected(predictions.in_scope) / count
    macro_f1, error = _macro_f1(predictions), _calibration_error(predictions.confidences, is_right)
    shares = {"accuracy": accuracy, "rejected": rejected, **robustness}
    others: dict[str, Measured] = {}
    if len(predictions.out_of_scope):
        others["joint_calibration_error"] = _calibration_error(*predictions.outcomes)
        others |= out_of_scope_metrics(predictions)
    confused = Counter(zip(predictions.true, predictions.predicted, strict=True))
    return Evaluation(
        accuracy=accuracy,
        macro_f1=macro_f1[0],
        rejected=rejected,
        intents=_intent_scores(predictions),
        confusions=tuple(
            Confusion(*pair, times) for pair, times in confused.most_common() if len(set(pair)) > 1
        ),
        calibration_error=error[0],
        robustness=robustness,
        contrast={name: float(is_safe.mean()) for name, is_safe in contrast.items()},
        intervals={name: wilson(share, count) for name, share in shares.items()}
        | {"macro_f1": macro_f1[1], "calibration_error": error[1]}
        | {name: wilson(float(safe.mean()), len(safe)) for name, safe in contrast.items()}
        | {name: interval for name, (_, interval) in others.items()},
        **{name: value for name, (value, _) in others.items()},
    )


def expected_calibration_error(
    confidences: Floats, is_right: NDArray[np.bool_], weights: Floats | None = None
) -> float:
    """Return the expected calibration error (Guo et al. 2017, equation 3).

    Args:
        confidences: confidence of each prediction, 0 to 1.
        is_right: whether each prediction is right.
        weights: weight of each prediction; 1 by default.

    Returns:
        The mean difference of confidence and accuracy over 15 bins of confidence, weighted by the
        predictions in each.
    """
    counts = np.ones(len(confidences)) if weights is None else weights
    bins = np.minimum((confidences * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    gaps = np.bincount(bins, counts * (confidences - is_right), CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / counts.sum())


def _intent_scores(predictions: LabelledPredictions) -> tuple[IntentScore, ...]:
    supports, found = Counter(predictions.true), Counter(predictions.predicted)
    pairs = zip(predictions.true, predictions.predicted, strict=True)
    right = Counter(true for true, predicted in pairs if true == predicted)
    return tuple(
        _intent_score(name, right[name], found[name], supports[name]) for name in sorted(supports)
    )


def _intent_score(name: str, right: int, found: int, support: int) -> IntentScore:
    precision, recall = right / found if found else 0.0, right / support
    intervals = {
        "precision": wilson(precision, found),
        "recall": wilson(recall, support),
        "f1": wilson_f1(right, support + found - 2 * right),
    }
    return IntentScore(name, precision, recall, 2 * right / (support + found), support, intervals)


def _macro_f1(predictions: LabelledPredictions) -> Measured:
    names = (*predictions.true, *predictions.predicted)
    labels, indices = np.unique(names, return_inverse=True)
    true, predicted = np.split(indices, 2)
    is_right, count = predictions.is_right, len(predictions.examples)

    def statistic(weights: Floats) -> float:
        right = np.bincount(true, weights * is_right, len(labels))
        of_true = np.bincount(true, weights, len(labels))
        of_either = of_true + np.bincount(predicted, weights, len(labels))
        occurs = of_true > 0
        return float((2 * right[occurs] / of_either[occurs]).mean())

    value = statistic(np.ones(count))
    return value, bootstrap(value, statistic, count) if 0 < value < 1 else wilson(value, count)


def _calibration_error(confidences: Floats, is_right: NDArray[np.bool_]) -> Measured:
    def statistic(weights: Floats) -> float:
        return expected_calibration_error(confidences, is_right, weights)

    value, accuracy = statistic(np.ones(len(is_right))), float(is_right.mean())
    if 0 < accuracy < 1:
        return value, bootstrap(value, statistic, len(is_right))
    # A bootstrap without variation has no width: use that of the accuracy's interval.
    known = wilson(accuracy, len(is_right))
    return value, Interval(0.0, min(1.0, value + known.high - known.low))


def _noisy_accuracy(model: IntentModel, test: Sequence[Example], noise: str) -> float:
    rng = random.Random(0)  # noqa: S311 - no secret depends on it
    noisy = [replace(example, text=NOISES[noise](example.text, rng)) for example in test]
    return float(LabelledPredictions.of(model, noisy).is_right.mean())
