from __future__ import annotations

import numpy as np

from model.learning.linear_model import Linear
from model.learning.quantization import LEVELS, rounded


def random_linear() -> Linear:
    random = np.random.default_rng(0)
    coefficients = random.normal(size=(5, 40)) * np.array([[1], [1], [3], [50], [0.1]])
    return Linear(coefficients.astype(np.float32), random.normal(size=5))


def test_each_label_has_a_scale_that_reaches_its_largest_coefficient():
    """Coefficients become multiples of a power of two, of which at least half are in use."""
    linear = random_linear()
    largest = np.abs(linear.coefficients).max(axis=1, keepdims=True)
    scales = 2.0 ** np.ceil(np.log2(largest / LEVELS))

    result = rounded(linear, 40).coefficients

    assert (result % scales == 0).all()
    assert (np.abs(result - linear.coefficients) <= scales / 2).all()
    assert (np.abs(result / scales).max(axis=1) > LEVELS / 2).all()
    assert result.dtype == np.float32


def test_more_levels_are_closer():
    """With many levels, hardly anything changes."""
    linear = random_linear()

    result = rounded(linear, 40, 16_384)

    np.testing.assert_allclose(result.coefficients, linear.coefficients, atol=0.01)
    assert (result.coefficients != linear.coefficients).any()


def test_features_that_are_no_n_grams_stay_as_they_are():
    """Only the first columns, the n-grams', decide the scale and are rounded."""
    linear = random_linear()
    alone = rounded(Linear(linear.coefficients[:, :30], linear.intercept), 30)
    linear.coefficients[:, 30:] *= 100

    result = rounded(linear, 30)

    assert (result.coefficients[:, :30] == alone.coefficients).all()
    assert (result.coefficients[:, 30:] == linear.coefficients[:, 30:]).all()


def test_intercept_stays_as_it_is():
    """The intercept is not rounded."""
    linear = random_linear()

    assert (rounded(linear, 40).intercept == linear.intercept).all()


def test_weights_of_nothing_but_zeros_stay_so():
    """A label of zeros stays zero."""
    zeros = Linear(np.zeros((2, 3), np.float32), np.zeros(2))

    assert not rounded(zeros, 3).coefficients.any()
