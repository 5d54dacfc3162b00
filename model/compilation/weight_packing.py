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
MAX_UNITS = 2**52  # which double precision holds exactly


def pack(coefficients: NDArray[Any]) -> tuple[Arrays, NDArray[np.float64]]:
    """Return the arrays of coefficients, shape (labels, n-grams), and each label's scale."""
    values, scales = _in_units(coefficients)
    by_ngram = values.T
    used = by_ngram != 0
    if used.mean() >= SPARSE_SHARE:
        padding = padded(len(coefficients)) - len(coefficients)
        return {"weights": np.pad(by_ngram, ((0, 0), (0, padding)))}, scales
    ngrams, labels = used.nonzero()
    starts = np.searchsorted(ngrams, np.arange(len(by_ngram) + 1))
    label_type = np.min_scalar_type(len(coefficients) - 1)
    return {
        "weights.starts": starts.astype(np.uint32),
        "weights.labels": labels.astype(label_type),
        "weights.values": by_ngram[used],
    }, scales


def _in_units(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Return values as 8- or 16-bit multiples of a scale of each label, if they are any.

    A scale is the largest number that all values of the label are multiples of.
    """
    used = np.abs(values[values != 0])
    smallest = float(used.min()) if used.size else 1.0
    if float(np.abs(values).max(initial=0)) <= MAX_UNITS * smallest:
        units = np.rint(values / smallest).astype(np.int64)
        divisors = np.maximum(np.gcd.reduce(units, axis=1, keepdims=True), 1)
        scales, units = smallest * divisors, units // divisors
        largest = np.abs(units).max(initial=0)
        fitting = [kind for kind in UNITS if largest <= np.iinfo(kind).max]
        if fitting and (units * scales == values).all():
            return units.astype(fitting[0]), scales[:, 0]
    return values, np.ones(len(values))
