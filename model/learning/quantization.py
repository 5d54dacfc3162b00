"""Quantization: n-gram weights become zero or take a byte or two, numbers of vectors one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.learning.linear_model import Linear

# Levels on each side of zero: with so few, a weight takes a byte.
LEVELS = 64
# If they lose more held-out accuracy than this, there are more levels: a weight takes two bytes.
MAX_LOSS = 0.001
FINE_LEVELS = 16_384
MAX_INT8 = 127


def rounded(linear: Linear, ngram_count: int, levels: int = LEVELS) -> Linear:
    """Return a classifier whose n-gram coefficients, the first columns, have few levels.

    They are multiples of a scale. Each label has its own, because the coefficients of detectors are
    many times those of intents. A scale is a power of two, so that multiples are exact in single
    precision.

    Args:
        linear: the classifier.
        ngram_count: the number of n-grams.
        levels: the number of levels on each side of zero.
    """
    coefficients = linear.coefficients.copy()
    ngrams = coefficients[:, :ngram_count]
    largest = np.abs(ngrams).max(axis=1, keepdims=True)
    scales = np.exp2(np.ceil(np.log2(np.where(largest, largest / levels, 1.0))))
    ngrams[:] = np.rint(ngrams / scales) * scales
    return Linear(coefficients, linear.intercept)


def in_8_bits(vectors: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return vectors in units of a scale each, so that the largest unit is 127, and the scales."""
    scales = np.abs(vectors).max(axis=1) / MAX_INT8
    return np.rint(vectors / scales[:, np.newaxis]).astype(np.int8), scales
