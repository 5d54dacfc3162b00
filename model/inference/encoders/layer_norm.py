"""Layer normalisation (Ba et al. 2016)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]

EPSILON = np.float32(1e-12)


def layer_norm(rows: Rows, gain: Rows, shift: Rows) -> Rows:
    """Normalise each row to mean 0 and variance 1, then scale and shift its columns."""
    rows = rows - rows.mean(1, keepdims=True)
    variances = np.einsum("ij,ij->i", rows, rows)[:, None] / np.float32(rows.shape[1])
    rows *= gain / np.sqrt(variances + EPSILON)
    rows += shift
    return rows
