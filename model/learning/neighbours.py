"""Choose the training vectors that are kept to compare texts of unknown words with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.inference.neighbours import Neighbours
from model.learning.linear_model import Floats, Integers, Linear

# Of all labels: they take 512 bytes each, and 3 ms a text of unknown words.
MAX_VECTORS = 8192
# A label's log density against its logarithm of odds by logistic regression. With it, scores of
# texts without n-grams have the magnitude of those with n-grams.
WEIGHT = 2.5
LEVELS = 127


def choose_neighbours(
    vectors: NDArray[np.float32], targets: Integers, *, label_count: int, seed: int
) -> Neighbours:
    """Keep an equal number of vectors of each label at most, drawn at random.

    Args:
        vectors: shape (texts, dimensions).
        targets: the index of each text's label.
        label_count: the number of labels, each with at least one text.
        seed: the random seed.
    """
    order = np.random.default_rng(seed).permutation(len(targets))
    most = max(1, MAX_VECTORS // label_count)
    kept = [order[targets[order] == label][:most] for label in range(label_count)]
    chosen = vectors[np.concatenate(kept)]
    largest = np.abs(chosen).max(axis=1, keepdims=True)
    rounded = np.rint(LEVELS * chosen / np.maximum(largest, np.finfo(np.float32).tiny))
    return Neighbours(rounded.astype(np.int8), np.array(list(map(len, kept))))


def with_densities(linear: Linear) -> Linear:
    """Return a model of vectors that adds each label's log density, the features after them."""
    count = len(linear.coefficients)
    weights: Floats = WEIGHT * (np.eye(count) - 1 / count)
    coefficients = np.hstack((linear.coefficients, weights.astype(np.float32)))
    return Linear(coefficients, linear.intercept)
