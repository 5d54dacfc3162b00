from __future__ import annotations

import numpy as np

from model.learning.linear_model import Linear
from model.learning.quantization import LEVELS, rounded, step_of


def random_linear() -> Linear:
    random = np.random.default_rng(0)
    return Linear(random.normal(size=(5, 40)).astype(np.float32), random.normal(size=5))


def test_step_is_a_power_of_two_that_reaches_the_largest_coefficient():
    """The levels cover the largest coefficient, and half of them do not."""
    linear = random_linear()

    step = step_of(linear, 40)

    assert np.log2(step) == np.rint(np.log2(step))
    assert step * LEVELS / 2 < np.abs(linear.coefficients).max() <= step * LEVELS


def test_coefficients_become_multiples_of_the_step():
    """Coefficients move by half a step at most, and stay of single precision."""
    linear = random_linear()

    result = rounded(linear, 0.25, 40)

    assert (result.coefficients % 0.25 == 0).all()
    assert np.abs(result.coefficients - linear.coefficients).max() <= 0.125
    assert result.coefficients.dtype == np.float32


def test_features_that_are_no_n_grams_stay_as_they_are():
    """Only the first columns, the n-grams', decide the step and are rounded."""
    linear = random_linear()
    linear.coefficients[:, 30:] *= 100

    step = step_of(linear, 30)
    result = rounded(linear, step, 30)

    assert step * LEVELS < 2 * np.abs(linear.coefficients[:, :30]).max()
    assert (result.coefficients[:, :30] % step == 0).all()
    assert (result.coefficients[:, 30:] == linear.coefficients[:, 30:]).all()


def test_intercept_stays_as_it_is():
    """The intercept is not rounded."""
    linear = random_linear()

    assert (rounded(linear, 0.25, 40).intercept == linear.intercept).all()


def test_weights_of_nothing_but_zeros_stay_so():
    """A classifier of zeros has a step and stays zero."""
    zeros = Linear(np.zeros((2, 3), np.float32), np.zeros(2))

    assert not rounded(zeros, step_of(zeros, 3), 3).coefficients.any()
