"""Store a classifier's coefficients without loss in the smallest way."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.inference.weights import padded

Arrays = dict[str, NDArray[Any]]

# Weights are stored one by one when fewer than this share of them are not zero.
SPARSE_SHARE = 0.5
UNITS = (np.int8, np.int16)


def pack(coefficients: NDArray[Any]) -> tuple[Arrays, float]:
    """Store coefficients without loss in the smallest way: the arrays, and what a unit is worth."""
    by_ngram = coefficients.T
    used = by_ngram != 0
    if used.mean() >= SPARSE_SHARE:
        padding = padded(len(coefficients)) - len(coefficients)
        values, step = _in_units(by_ngram)
        return {"weights": np.pad(values, ((0, 0), (0, padding)))}, step
    ngrams, labels = used.nonzero()
    values, step = _in_units(by_ngram[used])
    starts = np.searchsorted(ngrams, np.arange(len(by_ngram) + 1))
    label_type = np.min_scalar_type(len(coefficients) - 1)
    return {
        "weights.starts": starts.astype(np.uint32),
        "weights.labels": labels.astype(label_type),
        "weights.values": values,
    }, step


def _in_units(values: NDArray[Any]) -> tuple[NDArray[Any], float]:
    """Express values as multiples of the least of them, of 8 or 16 bits, where they are such."""
    used = np.abs(values[values != 0])
    step = used.min() if used.size else 1.0
    units = np.rint(values / step)
    largest = np.abs(units).max(initial=0)
    fitting = [kind for kind in UNITS if largest <= np.iinfo(kind).max]
    if fitting and (units * step == values).all():
        return units.astype(fitting[0]), float(step)
    return values, 1.0
