from __future__ import annotations

import numpy as np
import pytest

from model.learning.out_of_scope import OutOfScopeScores, fit_detector_weight

COUNT = 4000


def scores(largest: float, detector: float, *, seed: int) -> OutOfScopeScores:
    random = np.random.default_rng(seed)
    return OutOfScopeScores(
        random.normal(loc=largest, size=COUNT), random.normal(loc=detector, size=COUNT)
    )


def test_combined_score_falls_with_the_detector():
    """The weighted score of the detector is subtracted from the largest logit."""
    combined = OutOfScopeScores(np.array([3.0, 1.0]), np.array([1.0, -1.0])).combined(2.0)

    assert combined.tolist() == [1.0, 3.0]


@pytest.mark.parametrize("worth", [0.5, 1.0, 2.0])
def test_detector_weighs_by_its_separation(worth):
    """For normal scores of equal spread, the best weight is the ratio of the distances."""
    weight = fit_detector_weight(scores(2.0, 0.0, seed=0), scores(0.0, 2.0 * worth, seed=1))

    assert weight == pytest.approx(worth, rel=0.15)


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        pytest.param((2.0, 1.0), (0.0, 0.0), id="detector-is-wrong"),
        pytest.param((0.0, 0.0), (2.0, 1.0), id="logit-is-wrong"),
    ],
)
def test_detector_that_misleads_weighs_nothing(inside, outside):
    """If logit or detector mislead, the detector gets no weight."""
    assert fit_detector_weight(scores(*inside, seed=0), scores(*outside, seed=1)) == 0.0
