"""Make scores honest: the temperature of the softmax, and the out-of-scope threshold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp


def fit_temperature(logits: NDArray[np.float64], targets: NDArray[np.intp]) -> float:
    """Fit the temperature that makes probabilities right (Guo et al. 2017, section 4.2).

    Args:
        logits: of held-out utterances, shape (utterances, labels).
        targets: the index of each utterance's true label.

    Returns:
        The temperature of the least negative log-likelihood, between 0.01 and 100.
    """

    def negative_log_likelihood(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        chosen = scaled[np.arange(len(targets)), targets]
        return float(np.mean(logsumexp(scaled, axis=1) - chosen))

    bounds = (np.log(0.01), np.log(100.0))
    best = minimize_scalar(negative_log_likelihood, bounds=bounds, method="bounded")
    return float(np.exp(best.x))


def rejection_threshold(logits: NDArray[np.float64], reject_budget: float) -> float:
    """Find the threshold below which the given share of good utterances falls.

    Args:
        logits: of held-out in-scope utterances, shape (utterances, labels).
        reject_budget: the share of them that one is willing to reject, 0 to 1.

    Returns:
        A bound on the largest logit.
    """
    return float(np.quantile(logits.max(axis=1), reject_budget))
