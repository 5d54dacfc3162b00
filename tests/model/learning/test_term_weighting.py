from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from model.learning.term_weighting import EMPHASIS, concentration, concentration_factors

# Of two labels: the first feature is common to both, the second keeps to one, as does the third,
# which was seen once.
FEATURES = csr_matrix(
    np.array([[1, 1, 0], [1, 1, 0], [1, 1, 1], [1, 0, 0], [1, 0, 0], [1, 0, 0]], np.float32)
)
TARGETS = np.array([0, 0, 0, 1, 1, 1])
WEIGHTS = np.ones(6)


def test_features_of_one_label_are_concentrated():
    """Concentration is 0 for common features, and grows with the count for a single label."""
    common, often, once = concentration(FEATURES, TARGETS, WEIGHTS)

    assert common == pytest.approx(0.0, abs=1e-6)
    assert 0.0 < once < often < 1.0


def test_concentration_is_the_share_of_the_entropy_that_is_missing():
    """A feature seen three times, with one of two labels, is taken for 3.5 to 0.5 by the prior."""
    shares = np.array([3.5, 0.5]) / 4

    assert concentration(FEATURES, TARGETS, WEIGHTS)[1] == pytest.approx(
        1 + (shares * np.log2(shares)).sum(), abs=1e-6
    )


def test_texts_count_by_their_weight():
    """A feature is concentrated if the texts of other labels have small weights."""
    features = csr_matrix(np.ones((2, 1), np.float32))
    targets = np.array([0, 1])

    [alike] = concentration(features, targets, np.array([9.0, 9.0]))
    [apart] = concentration(features, targets, np.array([9.0, 0.1]))

    assert alike == pytest.approx(0.0, abs=1e-6)
    assert apart > 0.5


def test_factors_grow_with_concentration():
    """Factors are proportional to 1 + EMPHASIS x concentration."""
    factors = concentration_factors(FEATURES, TARGETS, WEIGHTS)
    expected = 1 + EMPHASIS * concentration(FEATURES, TARGETS, WEIGHTS)

    np.testing.assert_allclose(factors / factors[0], expected / expected[0], rtol=1e-5)


def test_texts_keep_their_length():
    """Factors do not change the mean square norm of the texts."""
    factors = concentration_factors(FEATURES, TARGETS, WEIGHTS)

    assert FEATURES.multiply(factors).power(2).sum() == pytest.approx(FEATURES.power(2).sum())
    assert factors[0] < 1 < factors[1]
