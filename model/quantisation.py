"""Round a classifier's coefficients to few levels: most become zero, and the model gets small."""

from __future__ import annotations

from math import ceil, log2

import numpy as np

from model.linear import Linear

# Levels on each side of zero.
LEVELS = 64
# What rounding may cost in held-out accuracy; where it costs more, the weights are kept as learnt.
MOST_LOSS = 0.001


def step_of(linear: Linear) -> float:
    """Give the distance of the levels: a power of two, so that single precision holds each."""
    largest = float(np.abs(linear.coefficients).max())
    return 2.0 ** ceil(log2(largest / LEVELS)) if largest else 1.0


def rounded(linear: Linear, step: float) -> Linear:
    """Round coefficients to multiples of a step."""
    exact_step = np.float32(step)
    return Linear(np.rint(linear.coefficients / exact_step) * exact_step, linear.intercept)
