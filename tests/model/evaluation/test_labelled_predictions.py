from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model.datasets.readers import Example
from model.evaluation.labelled_predictions import LabelledPredictions
from model.inference.intent_model import IntentModel
from model.inference.model_card import ModelCard
from model.learning.cross_validation import HeldOut
from model.learning.ensemble import Ensemble, Hyperparameters
from model.learning.out_of_scope import OutOfScopeScores
from tests.support.tables import TableScorer

TABLE = {"a1": [3.0, 0.0], "a2": [0.0, 1.0], "b1": [0.0, 2.0], "o1": [0.5, 0.0]}
TEST = [Example(text, text[0], Path("test.csv"), 2) for text in ("a1", "a2", "b1")]


def ask(threshold: float | None) -> LabelledPredictions:
    card = ModelCard(("a", "b"), "", threshold=threshold)
    return LabelledPredictions.of(IntentModel(TableScorer(("a", "b"), TABLE), card), TEST, ["o1"])


@pytest.fixture
def answers() -> LabelledPredictions:
    return ask(1.0)


def test_predictions_are_those_of_the_model(answers):
    """They hold the likeliest intents, their correctness and the largest logits."""
    assert answers.predicted == ("a", "b", "b")
    assert answers.is_right.tolist() == [True, False, True]
    assert (answers.in_scope.tolist(), answers.out_of_scope.tolist()) == ([3, 1, 2], [0.5])
    assert answers.confidences[1] == pytest.approx(0.7311, abs=1e-4)


def test_scores_below_the_threshold_are_rejected(answers):
    """A score equal to the threshold is in scope; without a threshold, all scores are."""
    assert (answers.rejected(answers.in_scope), answers.rejected(answers.out_of_scope)) == (0, 1)
    assert ask(None).rejected(answers.out_of_scope) == 0


def test_utterances_of_a_confusion_are_found(answers):
    """Only mistakes in the given direction are returned."""
    assert answers.confused("a", "b") == [TEST[1]]
    assert answers.confused("b", "a") == []


def test_held_out_predictions_are_those_of_cross_validation():
    """Labels and calibrated confidences follow from the logits, scope scores from the detector."""
    held_out = HeldOut(
        ensemble=Ensemble(Hyperparameters(1.0), (1.0,)),
        scored=np.arange(3),
        logits=np.array([[3.0, 0.0], [0.0, 2.0], [0.0, 4.0]]),
        is_rounded=False,
        rounding_loss=0.0,
        in_scope=OutOfScopeScores(np.array([3.0, 2.0, 4.0]), np.array([0.0, 1.0, 0.0])),
        out_of_scope=OutOfScopeScores(np.array([1.0]), np.array([2.0])),
        detector_weight=0.5,
    )

    answers = LabelledPredictions.of_held_out(
        TEST, ("a", "b"), held_out, temperature=2.0, threshold=1.6
    )

    assert answers.examples == tuple(TEST)
    assert answers.predicted == ("a", "b", "b")
    assert answers.confidences[1] == pytest.approx(1 / (1 + np.exp(-1.0)))
    assert (answers.in_scope.tolist(), answers.out_of_scope.tolist()) == ([3.0, 1.5, 4.0], [0.0])
    assert answers.rejected(answers.in_scope) == 1


def test_predictions_are_joined(answers):
    """The predictions of the parts follow one another."""
    both = LabelledPredictions.joined([answers, ask(None)])

    assert both.examples == (*TEST, *TEST)
    assert both.predicted == ("a", "b", "b") * 2
    assert both.confidences.tolist() == [*answers.confidences, *answers.confidences]
    assert (both.in_scope.tolist(), both.out_of_scope.tolist()) == ([3, 1, 2] * 2, [0.5] * 2)
    assert both.threshold == 1.0
