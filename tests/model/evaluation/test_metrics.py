from __future__ import annotations

from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from model.datasets.readers import Example
from model.evaluation.confidence_intervals import wilson, wilson_f1
from model.evaluation.metrics import Confusion, evaluate, expected_calibration_error
from model.evaluation.out_of_scope_metrics import auroc
from model.inference.calibration import InScopeCalibration
from model.inference.intent_model import IntentModel
from model.inference.model_card import ModelCard
from model.learning.augmentation import NOISES
from tests.support.tables import TableScorer

LABELS = ("a", "b", "c", "d")
# An utterance is out of scope if its largest logit is below 2.
IN_SCOPE, THRESHOLD = InScopeCalibration(slope=1.0, intercept=-2.0), 0.5
# True intent, predicted intent and largest logit of each test utterance. a2 is below the threshold.
TEST = {
    "a1": ("a", "a", 9.0),
    "a2": ("a", "a", 1.0),
    "a3": ("a", "b", 3.0),
    "a4": ("a", "d", 4.0),
    "b1": ("b", "b", 5.0),
    "b2": ("b", "b", 6.0),
    "c1": ("c", "b", 7.0),
    "c2": ("c", "b", 8.0),
}
# Two of four are below the threshold; 2.0 itself is not.
OUT_OF_SCOPE = {"o1": 0.0, "o2": 1.5, "o3": 2.0, "o4": 3.5}
EXAMPLES = [Example(text, true, Path("test.csv"), 2) for text, (true, _, _) in TEST.items()]


def row(predicted: str, largest: float) -> list[float]:
    return [largest if label == predicted else -1.0 for label in LABELS]


@pytest.fixture
def model():
    table = {text: row(predicted, largest) for text, (_, predicted, largest) in TEST.items()}
    table |= {text: row("a", largest) for text, largest in OUT_OF_SCOPE.items()}
    card = ModelCard(LABELS, "", in_scope=IN_SCOPE, threshold=THRESHOLD)
    return IntentModel(TableScorer(LABELS, table), card)


def test_accuracy_and_f1_are_of_the_known_intents(model):
    """Accuracy and macro-F1 use the likeliest known intent, independent of the threshold."""
    evaluation = evaluate(model, EXAMPLES)

    assert evaluation.accuracy == pytest.approx(4 / 8)
    assert evaluation.macro_f1 == pytest.approx((2 / 3 + 4 / 7 + 0) / 3)


def test_intents_of_the_test_are_scored(model):
    """Each intent of the test has precision, recall, F1 and support; d, not in it, has none."""
    first, second, third = evaluate(model, EXAMPLES).intents

    assert astuple(first)[:5] == ("a", 2 / 2, 2 / 4, pytest.approx(2 / 3), 4)
    assert astuple(second)[:5] == ("b", 2 / 5, 2 / 2, pytest.approx(4 / 7), 2)
    assert astuple(third)[:5] == ("c", 0.0, 0.0, 0.0, 2)


def test_confusions_are_counted(model):
    """Confusions are the pairs of true and predicted intent, the most frequent first."""
    assert evaluate(model, EXAMPLES).confusions == (
        Confusion("c", "b", 2),
        Confusion("a", "b", 1),
        Confusion("a", "d", 1),
    )


def test_share_of_rejected_test_utterances(model):
    """The rejected share counts the test utterances below the threshold: one of eight."""
    assert evaluate(model, EXAMPLES).rejected == pytest.approx(1 / 8)


def test_out_of_scope_texts_are_evaluated(model):
    """Recall counts the texts below the threshold, AUROC the pairs in the right order."""
    evaluation = evaluate(model, EXAMPLES, list(OUT_OF_SCOPE))

    assert evaluation.out_of_scope_recall == pytest.approx(2 / 4)
    assert evaluation.out_of_scope_precision == pytest.approx(2 / 3)
    assert evaluation.out_of_scope_auroc == pytest.approx((8 + 7 + 7 + 6) / (8 * 4))


def test_without_out_of_scope_texts_their_metrics_are_none(model):
    """Recall and AUROC are None without out-of-scope texts."""
    evaluation = evaluate(model, EXAMPLES)

    assert evaluation.out_of_scope_recall is None
    assert evaluation.out_of_scope_precision is None
    assert evaluation.out_of_scope_auroc is None
    assert evaluation.joint_calibration_error is None
    assert "joint_calibration_error" not in evaluation.intervals
    assert not [name for name in evaluation.intervals if name.startswith("out_of_scope")]


def test_model_that_is_always_right_has_no_confusions(model):
    """A test without mistakes leads to full shares and no confusion."""
    evaluation = evaluate(model, [EXAMPLES[0], EXAMPLES[4]])

    assert (evaluation.accuracy, evaluation.macro_f1, evaluation.rejected) == (1.0, 1.0, 0.0)
    assert evaluation.confusions == ()


def test_calibration_error_is_the_mean_distance_of_confidence_and_accuracy():
    """Of two bins, one has confidence 0.9 with two of three right, one 0.1 with one right."""
    error = expected_calibration_error(
        np.array([0.9, 0.9, 0.9, 0.1]), np.array([True, True, False, True])
    )

    assert error == pytest.approx((3 * abs(0.9 - 2 / 3) + abs(0.1 - 1)) / 4)


def test_confidence_of_one_has_a_bin():
    """The last bin includes 1; a right prediction of confidence 1 has no error."""
    assert expected_calibration_error(np.array([1.0]), np.array([True])) == 0


def test_evaluation_has_the_calibration_error(model):
    """It is that of the known intents, given that the utterances are in scope."""
    probabilities, _ = model.score([example.text for example in EXAMPLES])
    is_right = np.array([true == predicted for true, predicted, _ in TEST.values()])
    expected = expected_calibration_error(probabilities.max(axis=1), is_right)

    assert evaluate(model, EXAMPLES).calibration_error == pytest.approx(expected)


def test_joint_calibration_error_is_that_of_all_returned_confidences(model):
    """Utterances and out-of-scope texts count alike, each with the intent that is returned."""
    texts = [*TEST, *OUT_OF_SCOPE]
    predictions = model.predict(texts)
    true = [*(intent for intent, _, _ in TEST.values()), *["out_of_scope"] * len(OUT_OF_SCOPE)]
    is_right = [each.intent == intent for each, intent in zip(predictions, true, strict=True)]
    confidences = np.array([prediction.confidence for prediction in predictions])
    expected = expected_calibration_error(confidences, np.array(is_right))

    evaluation = evaluate(model, EXAMPLES, list(OUT_OF_SCOPE))

    assert evaluation.joint_calibration_error == pytest.approx(expected)
    interval = evaluation.intervals["joint_calibration_error"]
    assert interval.low <= expected <= interval.high


def test_evaluation_has_the_accuracy_on_each_noise(small_model, small_dataset):
    """Each kind of noise is listed; capitals do not affect a case-insensitive model."""
    evaluation = evaluate(small_model, small_dataset.test)

    assert evaluation.robustness.keys() == NOISES.keys()
    assert evaluation.robustness["upper case"] == evaluation.accuracy


def test_shares_have_wilson_intervals(model):
    """Accuracy, rejected share, precision, recall and robustness have Wilson intervals."""
    evaluation = evaluate(model, EXAMPLES, list(OUT_OF_SCOPE))

    assert evaluation.intervals["accuracy"] == wilson(4 / 8, 8)
    assert evaluation.intervals["rejected"] == wilson(1 / 8, 8)
    assert evaluation.intervals["out_of_scope_recall"] == wilson(2 / 4, 4)
    assert evaluation.intervals["out_of_scope_precision"] == wilson(2 / 3, 3)
    assert [evaluation.intervals[name] for name in NOISES] == [
        wilson(evaluation.robustness[name], 8) for name in NOISES
    ]


def test_intervals_of_an_intent(model):
    """Precision is a share of the predictions, recall of the utterances, F1 of both."""
    second = evaluate(model, EXAMPLES).intents[1]

    assert second.intervals == {
        "precision": wilson(2 / 5, 5),
        "recall": wilson(2 / 2, 2),
        "f1": wilson_f1(2, 3),
    }


@pytest.mark.parametrize("name", ["macro_f1", "calibration_error", "out_of_scope_auroc"])
def test_other_results_have_an_interval_around_them(model, name):
    """Bootstrap intervals contain the result and are reproducible."""
    evaluation = evaluate(model, EXAMPLES, list(OUT_OF_SCOPE))
    interval, value = evaluation.intervals[name], getattr(evaluation, name)

    assert 0 <= interval.low < value < interval.high <= 1
    assert evaluate(model, EXAMPLES, list(OUT_OF_SCOPE)).intervals[name] == interval


def test_perfect_results_are_not_taken_for_certain(model):
    """Three utterances without a mistake still have a wide interval, unlike a bootstrap's."""
    evaluation = evaluate(model, [EXAMPLES[0], EXAMPLES[4], EXAMPLES[5]], ["o1"])

    assert evaluation.intervals["macro_f1"] == wilson(1.0, 3)
    assert evaluation.intervals["out_of_scope_auroc"] == wilson(1.0, 1)
    error = evaluation.intervals["calibration_error"]
    unknown = 1 - wilson(1.0, 3).low
    assert astuple(error) == pytest.approx((0, evaluation.calibration_error + unknown))


def test_results_without_anything_right_are_not_taken_for_certain(model):
    """One utterance that is less probably in scope than an out-of-scope text says little."""
    evaluation = evaluate(model, [EXAMPLES[2]], ["o4"])

    assert (evaluation.macro_f1, evaluation.out_of_scope_auroc) == (0.0, 0.0)
    assert evaluation.intervals["macro_f1"] == wilson(0.0, 1)
    assert evaluation.intervals["out_of_scope_auroc"] == wilson(0.0, 1)


def test_precision_without_rejected_texts_is_none(model):
    """If no score is below the threshold, precision is undefined."""
    evaluation = evaluate(model, EXAMPLES[:1], ["o3"])

    assert (evaluation.out_of_scope_recall, evaluation.out_of_scope_precision) == (0, None)
    assert "out_of_scope_precision" not in evaluation.intervals


def test_auroc_equals_scikit_learns():
    """Ties count half."""
    rng = np.random.default_rng(1)
    inside, outside = rng.integers(2, 9, 50) / 1.0, rng.integers(0, 6, 30) / 1.0
    known = roc_auc_score([True] * 50 + [False] * 30, np.concatenate((inside, outside)))

    assert auroc(inside, outside) == pytest.approx(known)
