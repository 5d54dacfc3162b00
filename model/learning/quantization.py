"""Quantization of n-gram weights: many become zero, and the others take a byte or two each."""

from __future__ import annotations

from math import ceil, log2

import numpy as np

from model.learning.linear_model import Linear

# Levels on each side of zero: a weight takes a byte.
LEVELS = 64
# The accepted loss of held-out accuracy; above it, a weight takes two bytes.
MAX_LOSS = 0.001
# Two bytes hold 32 times as much: the weights of detectors are larger than those of intents.
FINE_LEVELS = 1024


def step_of(linear: Linear, ngram_count: int, levels: int = LEVELS) -> float:
    """Return the distance of levels: a power of two, exact in single precision."""
    largest = float(np.abs(linear.coefficients[:, :ngram_count]).max())
    return 2.0 ** ceil(log2(largest / levels)) if largest else 1.0


def rounded(linear: Linear, step: float, ngram_count: int) -> Linear:
    """Return weights whose coefficients of n-grams, the first features, are multiples of a step."""
    exact_step = np.float32(step)
    coefficients = linear.coefficients.copy()
    ngrams = coefficients[:, :ngram_count]
    ngrams[:] = np.rint(ngrams / exact_step) * exact_step
    return Linear(coefficients, linear.intercept)
