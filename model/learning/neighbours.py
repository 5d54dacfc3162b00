"""Training vectors to compare texts of unknown words with, and the weight of their densities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from model.inference.neighbours import Neighbours
from model.learning.ensemble import negative_log_likelihood
from model.learning.linear_model import Floats, Integers, Linear

# Of all labels: they take 512 bytes each, and 2 ms a text of unknown words. With half as many, the
# vectors alone make a sixth more errors in languages that the training data does not contain.
MAX_VECTORS = 16384
MAX_WEIGHT = 5.0
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


def density_model(label_count: int) -> Linear:
    """Return a model of log densities, whose scores they are."""
    weights = np.eye(label_count, dtype=np.float32) - np.float32(1 / label_count)
    return Linear(weights, np.zeros(label_count))


def fit_density_weight(scores: Floats, densities: Floats, targets: Integers) -> float:
    """Return the densities' weight with the largest likelihood of held-out texts' labels.

    Args:
        scores: by the vectors alone, weighted: shape (texts, labels).
        densities: shape (texts, labels).
        targets: the index of each text's label.
    """

    def loss(weight: float) -> float:
        return negative_log_likelihood(scores + weight * densities, targets)

    return float(minimize_scalar(loss, bounds=(0.0, MAX_WEIGHT), method="bounded").x)
