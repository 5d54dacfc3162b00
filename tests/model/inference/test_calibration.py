from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import entropy

from model.inference.calibration import InScopeCalibration, Temperature

LOGITS = np.array([[0.0, -1.0, -4.0], [-0.25, 0.0, -0.5]])


@pytest.mark.parametrize("base", [0.5, 1.0, 8.0])
def test_logits_are_divided_by_the_base(base):
    """Without a slope, all texts have one temperature."""
    np.testing.assert_allclose(Temperature(base).scaled(LOGITS), LOGITS / base)


@pytest.mark.parametrize("slope", [-0.5, 0.25])
def test_temperature_depends_on_the_entropy(slope):
    """It grows or falls exponentially with the entropy of the softmax over the base, in nats."""
    entropies = entropy(softmax(LOGITS / 2.0, axis=1), axis=1)

    temperatures = LOGITS[:, 2] / Temperature(2.0, slope).scaled(LOGITS)[:, 2]

    np.testing.assert_allclose(temperatures, 2.0 * np.exp(slope * entropies))


def test_probabilities_are_the_softmax_of_the_scaled_logits():
    """Each row adds up to 1, wherever its largest logit is."""
    temperature = Temperature(2.0, -0.5)

    probabilities = temperature.probabilities(LOGITS + np.array([[3.0], [-7.0]]))

    np.testing.assert_allclose(probabilities, softmax(temperature.scaled(LOGITS), axis=1))


@pytest.mark.parametrize("slope", [-1.0, 0.0, 1.0])
def test_probabilities_of_large_logits_are_finite(slope):
    """Rows become probabilities without overflow, however large or far apart their logits are."""
    logits = np.array([[1e6, 1e6, -1e6], [0.0, -1e300, -1e300]])

    probabilities = Temperature(1.0, slope).probabilities(logits)

    np.testing.assert_allclose(probabilities, [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])


def test_temperature_is_read_from_its_fields():
    """A number alone, as in older model cards, is one temperature for all texts."""
    assert Temperature.from_fields({"base": 2, "entropy_slope": -1}) == Temperature(2.0, -1.0)
    assert Temperature.from_fields(0.5) == Temperature(0.5)


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
