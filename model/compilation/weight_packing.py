"""Lossless packing of a classifier's coefficients into small arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.inference.weights import padded

Arrays = dict[str, NDArray[Any]]

# Weights are stored as a list if a smaller share of them is not zero.
SPARSE_SHARE = 0.5
UNITS = (np.int8, np.int16)


def pack(coefficients: NDArray[Any]) -> tuple[Arrays, float]:
    """Return the arrays of coefficients, shape (labels, n-grams), and the value of one unit."""
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
    """Return values as 8- or 16-bit multiples of the smallest one, if they are, and that value."""
    used = np.abs(values[values != 0])
    step = used.min() if used.size else 1.0
    units = np.rint(values / step)
    largest = np.abs(units).max(initial=0)
    fitting = [kind for kind in UNITS if largest <= np.iinfo(kind).max]
    if fitting and (units * step == values).all():
        return units.astype(fitting[0]), float(step)
    return values, 1.0
