"""Round the weights of n-grams to few levels: many become zero, and the model gets small."""

from __future__ import annotations

from math import ceil, log2

import numpy as np

from model.learning.linear_model import Linear

# Levels on each side of zero: so few that a weight takes a byte.
LEVELS = 64
# What that may cost in held-out accuracy; where it costs more, a weight takes two.
MAX_LOSS = 0.001
FINE_LEVELS = 16_384


def step_of(linear: Linear, ngram_count: int, levels: int = LEVELS) -> float:
    """Give the distance of the levels: a power of two, so that single precision holds each."""
    largest = float(np.abs(linear.coefficients[:, :ngram_count]).max())
    return 2.0 ** ceil(log2(largest / levels)) if largest else 1.0


def rounded(linear: Linear, step: float, ngram_count: int) -> Linear:
    """Round the coefficients of the first features, which are n-grams, to multiples of a step."""
    exact_step = np.float32(step)
    coefficients = linear.coefficients.copy()
    ngrams = coefficients[:, :ngram_count]
    ngrams[:] = np.rint(ngrams / exact_step) * exact_step
    return Linear(coefficients, linear.intercept)
