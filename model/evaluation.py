"""How good a model is on labelled utterances."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, precision_recall_fscore_support, roc_auc_score

from model.formats import Example
from model.intent_model import IntentModel
from model.linear import Floats
from model.noise import NOISES
from model.prediction import OUT_OF_SCOPE

CALIBRATION_BINS = 15


@dataclass(frozen=True, slots=True)
class IntentScore:
    """Precision, recall and F1 (0 to 1) of an intent over its ``support`` test utterances."""

    intent: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class Confusion:
    """How many utterances of one intent were taken for another."""

    intent: str
    taken_for: str
    count: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Test results; all shares are 0 to 1.

    Attributes:
        accuracy, macro_f1: of the most likely known intent, whatever the threshold says.
        rejected: share of the in-scope test utterances that were found out of scope.
        intents: scores of each intent that occurs in the test, by name.
        confusions: the most frequent first.
        calibration_error: how far confidence and accuracy lie apart; see
            ``expected_calibration_error``.
        robustness: the accuracy on each kind of noise, by its name in ``model.noise``.
        out_of_scope_recall: share of the out-of-scope test texts that were found; None
            without such texts.
        out_of_scope_auroc: how well the largest logit tells them from the in-scope test
            utterances, 0.5 for not at all; None without such texts.
    """

    accuracy: float
    macro_f1: float
    rejected: float
    intents: tuple[IntentScore, ...]
    confusions: tuple[Confusion, ...]
    calibration_error: float
    robustness: Mapping[str, float]
    out_of_scope_recall: float | None = None
    out_of_scope_auroc: float | None = None


def evaluate(
    model: IntentModel, test: Sequence[Example], out_of_scope: Sequence[str] = ()
) -> Evaluation:
    """Test a model.

    Args:
        model: what to test.
        test: labelled utterances that it was not trained on; at least one.
        out_of_scope: texts that fit none of its intents.
    """
    texts = [example.text for example in test]
    true = [example.intent for example in test]
    predictions = model.predict(texts, top_k=1)
    predicted = [prediction.alternatives[0].intent for prediction in predictions]
    names = sorted(set(true))
    scores = precision_recall_fscore_support(true, predicted, labels=names, zero_division=0.0)
    intents = tuple(
        IntentScore(name, float(precision), float(recall), float(f1), int(support))
        for name, precision, recall, f1, support in zip(names, *scores, strict=True)
    )
    is_right = [name == known for name, known in zip(true, predicted, strict=True)]
    confidences = np.array([prediction.confidence for prediction in predictions])
    confusions = Counter(pair for pair in zip(true, predicted, strict=True) if pair[0] != pair[1])
    return Evaluation(
        accuracy=float(accuracy_score(true, predicted)),
        macro_f1=float(np.mean([score.f1 for score in intents])),
        rejected=_share_rejected(model, texts),
        intents=intents,
        confusions=tuple(Confusion(*pair, count) for pair, count in confusions.most_common()),
        calibration_error=expected_calibration_error(confidences, np.array(is_right)),
        robustness={name: _noisy_accuracy(model, test, name) for name in NOISES},
        out_of_scope_recall=_share_rejected(model, out_of_scope) if out_of_scope else None,
        out_of_scope_auroc=_auroc(model, texts, out_of_scope) if out_of_scope else None,
    )


def expected_calibration_error(confidences: Floats, is_right: NDArray[np.bool_]) -> float:
    """Measure how far confidence and accuracy lie apart (Guo et al. 2017, equation 3).

    Args:
        confidences: of each prediction, 0 to 1.
        is_right: whether it was.

    Returns:
        The mean distance of both over 15 bins of confidence, weighted by their predictions.
    """
    bins = np.minimum((confidences * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    gaps = np.bincount(bins, confidences - is_right, CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / len(confidences))


def _noisy_accuracy(model: IntentModel, test: Sequence[Example], noise: str) -> float:
    rng = random.Random(0)  # noqa: S311 - no secret depends on it
    texts = [NOISES[noise](example.text, rng) for example in test]
    predictions = model.predict(texts, top_k=1)
    true = [example.intent for example in test]
    return float(accuracy_score(true, [each.alternatives[0].intent for each in predictions]))


def _share_rejected(model: IntentModel, texts: Sequence[str]) -> float:
    return float(np.mean([item.intent == OUT_OF_SCOPE for item in model.predict(texts)]))


def _auroc(model: IntentModel, in_scope: Sequence[str], out_of_scope: Sequence[str]) -> float:
    scores = model.score([*in_scope, *out_of_scope])[1]
    is_in_scope = [True] * len(in_scope) + [False] * len(out_of_scope)
    return float(roc_auc_score(is_in_scope, scores))
