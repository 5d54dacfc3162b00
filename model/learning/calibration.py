"""Calibration: the temperature of the softmax, and the out-of-scope threshold."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar

from model.learning.ensemble import negative_log_likelihood
from model.learning.linear_model import Floats, Integers


def fit_temperature(logits: Floats, targets: Integers) -> float:
    """Fit the temperature of the softmax (Guo et al. 2017, section 4.2).

    Args:
        logits: of held-out utterances, shape (utterances, labels).
        targets: the index of each utterance's true label.

    Returns:
        The temperature with the smallest negative log-likelihood, between 0.01 and 100.
    """

    def loss(log_temperature: float) -> float:
        return negative_log_likelihood(logits / np.exp(log_temperature), targets)

    bounds = (np.log(0.01), np.log(100.0))
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))


def rejection_threshold(scope_scores: Floats, reject_budget: float) -> float:
    """Return the threshold that rejects a share of in-scope utterances.

    Args:
        scope_scores: of held-out in-scope utterances, shape (utterances,).
        reject_budget: the share of them that may be rejected, 0 to 1.
    """
    return float(np.quantile(scope_scores, reject_budget))
