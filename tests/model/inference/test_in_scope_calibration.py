from __future__ import annotations

import math

import pytest

from model.inference.in_scope_calibration import InScopeCalibration


@pytest.mark.parametrize("score", [-3.0, 0.0, 0.5, 10.0])
def test_probability_is_the_logistic_function_of_the_score(score):
    """The log odds of being in scope are linear in the score."""
    expected = 1 / (1 + math.exp(-(2.0 * score - 1.0)))

    assert InScopeCalibration(2.0, -1.0).probability(score) == pytest.approx(expected)


@pytest.mark.parametrize(("score", "probability"), [(-1e300, 0.0), (1e300, 1.0)])
def test_extreme_scores_have_a_probability(score, probability):
    """No score is too large to compute with."""
    assert InScopeCalibration(100.0, 0.0).probability(score) == probability


def test_calibration_follows_a_shift_of_the_scores():
    """Scores from which a number was subtracted have the probabilities that they had before."""
    calibration = InScopeCalibration(2.0, -1.0)

    assert calibration.relative_to(3.0).probability(1.5) == calibration.probability(4.5)


def test_calibration_is_read_from_its_fields():
    """The fields are those of the model card."""
    assert InScopeCalibration.from_fields({"slope": 2, "intercept": -1}) == (
        InScopeCalibration(2.0, -1.0)
    )
