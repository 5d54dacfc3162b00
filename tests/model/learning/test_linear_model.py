from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from model.learning.linear_model import (
    Linear,
    fit_detector,
    fit_joint_svm,
    fit_naive_bayes,
    fit_svm,
)

# Of three labels, each has a feature of its own, and all share the fourth.
FEATURES = csr_matrix(np.array([[1, 0, 0, 1], [0, 1, 0, 1], [0, 0, 1, 1]] * 4, np.float32))
TARGETS = np.array([0, 1, 2] * 4)
WEIGHTS = np.ones(12)


def linear(*rows: tuple[float, ...], intercept: tuple[float, ...] = (0.0, 1.0)) -> Linear:
    return Linear(np.array(rows, np.float32), np.array(intercept))


def svm(targets=TARGETS, weights=WEIGHTS, features=FEATURES) -> Linear:
    return fit_svm(features, targets, weights, seed=0)


def joint_svm(targets=TARGETS, weights=WEIGHTS, features=FEATURES) -> Linear:
    return fit_joint_svm(features, targets, weights, seed=0)


def naive_bayes(targets=TARGETS, weights=WEIGHTS, features=FEATURES) -> Linear:
    return fit_naive_bayes(features, targets, weights)


def test_scores_are_weighted_sums():
    """A score is the intercept plus the weighted sum of the features."""
    scores = linear((1.0, 2.0), (3.0, 4.0)).scores(csr_matrix(np.array([[1.0, 1.0], [0.0, 2.0]])))

    assert scores.tolist() == [[3.0, 8.0], [4.0, 9.0]]


def test_weights_add_up():
    """Sums and multiples of weights score as the sums and multiples of their scores."""
    one, other = linear((1.0, 2.0), (3.0, 4.0)), linear((5.0, 0.0), (0.0, 1.0))

    total = one.plus(other.times(2.0))

    assert total.coefficients.tolist() == [[11.0, 2.0], [3.0, 6.0]]
    assert total.intercept.tolist() == [0.0, 3.0]


def test_factors_of_features_move_into_the_weights():
    """Weights for scaled features become weights for the features as they are."""
    assert linear((1.0, 2.0), (3.0, 4.0)).scaled_features(
        np.array([1.0, 0.5], np.float32)
    ).coefficients.tolist() == [[1.0, 1.0], [3.0, 2.0]]


def test_a_feature_cancels_the_intercept():
    """Where the feature is 1, the scores are those without the intercept."""
    machine = linear((1.0, 2.0), (3.0, 4.0), intercept=(5.0, 6.0)).with_intercept_cancelled_by(-1)

    assert machine.scores(np.array([[1.0, 0.0], [1.0, 1.0]])).tolist() == [[6.0, 9.0], [3.0, 7.0]]


def test_label_is_appended():
    """The one label of another classifier becomes the last one."""
    both = linear((1.0, 2.0), (3.0, 4.0)).with_label(linear((5.0, 6.0), intercept=(7.0,)))

    assert both.coefficients.tolist() == [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    assert both.intercept.tolist() == [0.0, 1.0, 7.0]


@pytest.mark.parametrize("fit", [svm, joint_svm, naive_bayes])
def test_labels_are_separated(fit):
    """Each method separates the labels of its training texts."""
    assert (fit().scores(FEATURES).argmax(axis=1) == TARGETS).all()


@pytest.mark.parametrize("fit", [svm, joint_svm, naive_bayes])
@pytest.mark.parametrize("targets", [TARGETS, TARGETS % 2], ids=["three-labels", "two-labels"])
def test_scores_are_centred(fit, targets):
    """Over all labels, the scores of a text sum to zero."""
    scores = fit(targets=targets).scores(FEATURES)

    assert scores.shape == (12, len(set(targets)))
    np.testing.assert_allclose(scores.sum(axis=1), 0.0, atol=1e-5)


@pytest.mark.parametrize("fit", [svm, joint_svm, naive_bayes])
def test_utterances_count_by_their_weight(fit):
    """Of contradicting utterances, the heavier ones decide."""
    features = csr_matrix(np.ones((4, 1), np.float32))
    features = csr_matrix(
        np.hstack([features.toarray(), np.eye(2, dtype=np.float32)[[0, 0, 1, 1]]])
    )
    targets = np.array([0, 1, 1, 0])

    fitted = fit(targets=targets, weights=np.array([9.0, 1.0, 9.0, 1.0]), features=features)

    assert fitted.scores(features).argmax(axis=1).tolist() == [0, 0, 1, 1]


def test_detector_separates_out_of_scope_texts():
    """The detector's score is larger for texts out of scope."""
    detector = fit_detector(FEATURES, TARGETS == 2, seed=0)

    scores = detector.scores(FEATURES)[:, 0]
    assert scores[TARGETS == 2].min() > scores[TARGETS != 2].max()
