from __future__ import annotations

from pathlib import Path

import pytest

from model.datasets.readers import Example
from model.evaluation.diagnosis import Diagnosis, diagnose
from model.evaluation.labelled_predictions import LabelledPredictions
from model.inference.calibration import InScopeCalibration, Temperature
from model.learning.calibration import Calibration
from model.learning.cross_validation import cross_validate
from model.learning.training_set import TrainingSet
from tests.support.small_data import SMALL_DATA


@pytest.fixture(scope="module")
def diagnosis() -> Diagnosis:
    """The diagnosis of the small data with one wrong label."""
    examples = [
        Example(text, intent, Path("small.csv"), line)
        for intent, texts in SMALL_DATA.items()
        for line, text in enumerate(texts, start=2)
    ]
    wrong = Example("please reset my new password", "greeting", Path("small.csv"), 99)
    corpus = TrainingSet.of([*examples, wrong])
    held_out = cross_validate(corpus, seed=0, progress=lambda _: None)
    answers = LabelledPredictions.of_held_out(
        [*examples, wrong],
        corpus.labels,
        held_out,
        calibration=Calibration(Temperature(0.5), InScopeCalibration(1.0, 0.0), lowest_score=0.0),
    )
    return diagnose(corpus, held_out, [answers], seed=0, progress=lambda _: None)


def test_wrong_label_is_the_first_suspect(diagnosis):
    """The suspect has its line and the likely intent."""
    [suspect, *_] = diagnosis.issues.suspects

    assert (suspect.example.line, suspect.likely) == (99, "password_reset")


def test_results_are_those_of_all_training_utterances(diagnosis):
    """The results include the mislabelled utterance."""
    assert sum(score.support for score in diagnosis.results.intents) == 25
    assert 0.8 < diagnosis.results.accuracy < 1
    assert diagnosis.curve.points[-1].accuracy == diagnosis.results.accuracy


def test_card_keeps_results_and_curve(diagnosis):
    """The card has the numbers with their intervals, but no utterance."""
    content = diagnosis.for_card()

    results = content["cross_validation"]
    assert results["accuracy"] == diagnosis.results.accuracy
    assert set(results["intervals"]) == {"accuracy", "macro_f1", "calibration_error"}
    assert content["learning_curve"]["next_gain"] == diagnosis.curve.next_gain
    assert "password" not in str(content)
