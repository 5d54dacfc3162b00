from __future__ import annotations

import numpy as np
import pytest

from model.learning.ensemble import (
    MIN_JOINT,
    USUAL_WEIGHTS,
    Ensemble,
    Hyperparameters,
    candidates,
    negative_log_likelihood,
)
from model.learning.linear_model import Linear

TARGETS = np.arange(3000) % 3
HYPERPARAMETERS = Hyperparameters()
CANDIDATES = candidates(len(TARGETS))


def model_scores(noise: float, *, seed: int = 0) -> list:
    """Return the scores of two models: the true label plus independent noise."""
    random = np.random.default_rng(seed)
    truth = np.eye(3)[TARGETS]
    return [truth + random.normal(scale=noise, size=truth.shape) for _ in range(2)]


@pytest.mark.parametrize("best", CANDIDATES, ids=str)
def test_best_hyperparameters_are_chosen(best):
    """The candidate whose held-out scores make the labels most likely is chosen."""
    held_out = {each: model_scores(0.5 if each == best else 2.0) for each in CANDIDATES}

    assert Ensemble.choose(held_out, TARGETS).hyperparameters == best


@pytest.mark.parametrize(
    ("count", "is_joint"),
    [pytest.param(MIN_JOINT - 1, False, id="few"), pytest.param(MIN_JOINT, True, id="many")],
)
def test_many_utterances_have_one_machine_of_all_labels(count, is_joint):
    """The number of utterances decides on the kind of support vector machine alone."""
    assert {each.is_joint for each in candidates(count)} == {is_joint}
    assert len(candidates(count)) == len(CANDIDATES)


@pytest.mark.parametrize(
    ("noise", "is_concentrated"),
    [pytest.param(1.0, False, id="chance"), pytest.param(0.9, True, id="real-gain")],
)
def test_n_grams_are_concentrated_only_for_a_significant_gain(noise, is_concentrated):
    """A gain of less than a standard error does not count."""
    plain, concentrated = Hyperparameters(), Hyperparameters(is_concentrated=True)
    held_out = {plain: model_scores(1.0, seed=8), concentrated: model_scores(noise, seed=9)}

    assert Ensemble.choose(held_out, TARGETS).hyperparameters.is_concentrated == is_concentrated


def test_weights_make_the_labels_most_likely():
    """Any other weights lead to a smaller likelihood of the held-out labels."""
    scores = model_scores(0.5)
    weights = np.array(Ensemble.choose({HYPERPARAMETERS: scores}, TARGETS).weights)

    def loss(factors) -> float:
        blended = sum(w * f * each for w, f, each in zip(weights, factors, scores, strict=True))
        return negative_log_likelihood(blended, TARGETS)

    assert loss((1, 1)) < min(loss((1.2, 1)), loss((0.8, 1)), loss((1, 1.2)), loss((1, 0.8)))


def test_few_utterances_leave_the_weights_near_the_usual_ones():
    """Three correctly classified utterances do not drive the weights to infinity."""
    scores = [np.eye(3), np.eye(3)]

    weights = Ensemble.choose({HYPERPARAMETERS: scores}, np.arange(3)).weights

    assert weights == pytest.approx(USUAL_WEIGHTS[2], rel=2.0)


def test_blend_is_the_weighted_sum_of_the_base_models():
    """The coefficients of the blend are weighted sums."""
    one = Linear(np.ones((2, 3), np.float32), np.zeros(2))

    blended = Ensemble(HYPERPARAMETERS, (2.0, 3.0)).blend([one, one])

    assert blended.coefficients.tolist() == [[5.0] * 3] * 2


def test_likelihood_is_that_of_the_softmax():
    """The loss is the mean of the negative logarithms of the true labels' probabilities."""
    logits = np.log(np.array([[0.5, 0.5], [0.2, 0.8]]))

    assert negative_log_likelihood(logits, np.array([0, 1])) == pytest.approx(
        -(np.log(0.5) + np.log(0.8)) / 2
    )
