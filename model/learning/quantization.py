"""Quantization of n-gram weights: many become zero, and the others take a byte or two each."""

from __future__ import annotations

import numpy as np

from model.learning.linear_model import Linear

# Levels on each side of zero: a weight takes a byte.
LEVELS = 64
# The accepted loss of held-out accuracy; above it, a weight takes two bytes.
MAX_LOSS = 0.001
FINE_LEVELS = 16_384


def rounded(linear: Linear, ngram_count: int, levels: int = LEVELS) -> Linear:
    """Return weights whose coefficients of n-grams, the first features, have few levels.

    They are multiples of a scale of their label, a power of two, which is exact in single
    precision: the weights of detectors are many times those of intents.
    """
    coefficients = linear.coefficients.copy()
    ngrams = coefficients[:, :ngram_count]
    largest = np.abs(ngrams).max(axis=1, keepdims=True)
    scales = np.exp2(np.ceil(np.log2(np.where(largest, largest / levels, 1.0))))
    ngrams[:] = np.rint(ngrams / scales) * scales
    return Linear(coefficients, linear.intercept)
