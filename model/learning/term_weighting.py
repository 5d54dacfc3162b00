"""What n-grams are worth by how few labels they keep to, as a term weight beside TF-IDF."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.learning.linear_model import Floats, Integers, sums_by_label

# As if each feature had been seen a few times more, with all labels alike: what was seen once is
# not yet taken for one label's own.
PRIOR = 1.0
# A feature of one label alone counts for three of one that all labels share.
EMPHASIS = 2.0


def concentration(features: Any, targets: Integers, weights: Floats) -> Floats:
    """Tell how few labels each feature keeps to.

    It is one minus the entropy of the labels that a feature stands with, as a share of the largest
    possible: the distributional concentration of Wang et al. 2015 (Entropy-Based Term Weighting
    Schemes for Text Categorization in VSM), with a prior.

    Args:
        features: shape (texts, features), sparse, none negative.
        targets: the index of each text's label, of two labels or more.
        weights: what each text counts for.

    Returns:
        Shape (features,): 0 where all labels have it alike, towards 1 where a single one has it.
    """
    sums = sums_by_label(features, targets, weights)
    label_count = len(sums)
    shares = (sums + PRIOR / label_count) / (sums.sum(axis=0) + PRIOR)
    entropies = -(shares * np.log(shares)).sum(axis=0)
    return np.asarray(1.0 - entropies / np.log(label_count), dtype=np.float64)


def concentration_factors(features: Any, targets: Integers, weights: Floats) -> NDArray[np.float32]:
    """Give what to multiply features with, so that those of few labels count for more.

    The texts' mean square length stays what it was, so that a regularisation means the same.

    Args:
        features: shape (texts, features), sparse, none negative.
        targets: the index of each text's label, of two labels or more.
        weights: what each text counts for.
    """
    factors = 1.0 + EMPHASIS * concentration(features, targets, weights)
    squares = np.asarray(features.power(2).sum(axis=0), dtype=np.float64).ravel()
    growth = squares @ np.square(factors) / squares.sum()
    return np.asarray(factors / np.sqrt(growth), dtype=np.float32)
