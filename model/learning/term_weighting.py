"""Entropy-based term weighting: n-grams that occur with few labels weigh more."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.learning.linear_model import Floats, Integers, sums_by_label

# A prior count, spread evenly over all labels: a feature that occurs once is not yet concentrated.
PRIOR = 1.0
# A feature of a single label weighs three times as much as one that all labels share.
EMPHASIS = 2.0


def concentration(features: Any, targets: Integers, weights: Floats) -> Floats:
    """Return the distributional concentration of each feature.

    It is 1 minus the normalized entropy of a feature's labels, with a prior (Wang et al. 2015,
    Entropy-Based Term Weighting Schemes for Text Categorization in VSM). The arguments are those of
    ``linear_model``; it takes two labels or more, and features must not be negative.

    Returns:
        Shape (features,): 0 for equal shares of all labels, near 1 for a single label.
    """
    sums = sums_by_label(features, targets, weights)
    label_count = len(sums)
    shares = (sums + PRIOR / label_count) / (sums.sum(axis=0) + PRIOR)
    entropies = -(shares * np.log(shares)).sum(axis=0)
    return np.asarray(1.0 - entropies / np.log(label_count), dtype=np.float64)


def concentration_factors(features: Any, targets: Integers, weights: Floats) -> NDArray[np.float32]:
    """Return a factor for each feature that grows with its concentration.

    The factors keep the texts' mean square norm, so that a regularization strength keeps its
    meaning. The arguments are those of ``concentration``.
    """
    factors = 1.0 + EMPHASIS * concentration(features, targets, weights)
    squares = np.asarray(features.power(2).sum(axis=0), dtype=np.float64).ravel()
    growth = squares @ np.square(factors) / squares.sum()
    return np.asarray(factors / np.sqrt(growth), dtype=np.float32)
