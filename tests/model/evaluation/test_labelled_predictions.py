from __future__ import annotations

from math import exp
from pathlib import Path

import numpy as np
import pytest

from model.datasets.readers import Example
from model.evaluation.labelled_predictions import LabelledPredictions
from model.inference.calibration import InScopeCalibration, Temperature
from model.inference.intent_model import IntentModel
from model.inference.model_card import ModelCard
from model.learning.calibration import Calibration
from model.learning.cross_validation import HeldOut
from model.learning.ensemble import Ensemble, Hyperparameters
from model.learning.out_of_scope import OutOfScopeScores
from tests.support.tables import TableScorer

TABLE = {"a1": [3.0, 0.0], "a2": [0.0, 1.0], "b1": [0.0, 2.0], "o1": [0.5, 0.0]}
TEST = [Example(text, text[0], Path("test.csv"), 2) for text in ("a1", "a2", "b1")]


def ask(threshold: float | None) -> LabelledPredictions:
    card = ModelCard(("a", "b"), "", in_scope=InScopeCalibration(1.0, -1.0), threshold=threshold)
    return LabelledPredictions.of(IntentModel(TableScorer(("a", "b"), TABLE), card), TEST, ["o1"])


@pytest.fixture
def answers() -> LabelledPredictions:
    return ask(0.5)


def logistic(*log_odds: float) -> list[float]:
    return [1 / (1 + exp(-each)) for each in log_odds]


def test_predictions_are_those_of_the_model(answers):
    """They hold the likeliest intents, their correctness and the probabilities."""
    assert answers.predicted == ("a", "b", "b")
    assert answers.is_right.tolist() == [True, False, True]
    assert answers.in_scope == pytest.approx(logistic(2.0, 0.0, 1.0))
    assert answers.out_of_scope == pytest.approx(logistic(-0.5))
    assert answers.confidences == pytest.approx(logistic(3.0, 1.0, 2.0))
    assert answers.out_of_scope_confidences == pytest.approx(logistic(0.5))


def test_outcomes_are_those_of_the_returned_intents():
    """A rejected text has the probability of being out of scope, and is right if it is."""
    confidences, is_right = ask(0.6).outcomes

    assert is_right.tolist() == [True, False, True, True]
    assert confidences[1] == pytest.approx(0.5)
    assert confidences[2] == pytest.approx(logistic(1.0)[0] * logistic(2.0)[0])
    assert confidences[3] == pytest.approx(1 - logistic(-0.5)[0])


def test_scores_below_the_threshold_are_rejected(answers):
    """A probability equal to the threshold is in scope; without a threshold, all are."""
    assert (answers.rejected(answers.in_scope), answers.rejected(answers.out_of_scope)) == (0, 1)
    assert ask(None).rejected(answers.out_of_scope) == 0


def test_utterances_of_a_confusion_are_found(answers):
    """Only mistakes in the given direction are returned."""
    assert answers.confused("a", "b") == [TEST[1]]
    assert answers.confused("b", "a") == []


def test_held_out_predictions_are_those_of_cross_validation():
    """Intents follow from the logits, the probability of being in scope from the detector too."""
    held_out = HeldOut(
        ensemble=Ensemble(Hyperparameters(), (1.0,)),
        scored=np.arange(3),
        logits=np.array([[3.0, 0.0], [0.0, 2.0], [0.0, 4.0]]),
        is_rounded=False,
        rounding_loss=0.0,
        in_scope=OutOfScopeScores(np.array([3.0, 2.0, 4.0]), np.array([0.0, 1.0, 0.0])),
        out_of_scope=OutOfScopeScores(np.array([1.0]), np.array([2.0])),
        detector_weight=0.5,
    )

    answers = LabelledPredictions.of_held_out(
        TEST,
        ("a", "b"),
        held_out,
        calibration=Calibration(Temperature(2.0), InScopeCalibration(1.0, 0.0), lowest_score=1.6),
    )

    assert answers.examples == tuple(TEST)
    assert answers.predicted == ("a", "b", "b")
    assert answers.confidences[1] == pytest.approx(1 / (1 + np.exp(-1.0)))
    assert answers.in_scope == pytest.approx(logistic(3.0, 1.5, 4.0))
    assert answers.rejected(answers.in_scope) == 1
    assert answers.out_of_scope.tolist() == []


def test_predictions_are_joined(answers):
    """The predictions of the parts follow one another."""
    both = LabelledPredictions.joined([answers, ask(None)])

    assert both.examples == (*TEST, *TEST)
    assert both.predicted == ("a", "b", "b") * 2
    assert both.confidences.tolist() == [*answers.confidences, *answers.confidences]
    assert both.in_scope.tolist() == [*answers.in_scope, *answers.in_scope]
    assert both.out_of_scope.tolist() == [*answers.out_of_scope, *answers.out_of_scope]
    assert len(both.out_of_scope_confidences) == 2
    assert both.threshold == 0.5
