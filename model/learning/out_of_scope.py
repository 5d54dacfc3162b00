"""Scores that separate texts in scope from others: the largest logit and the detectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from model.inference.calibration import InScopeCalibration
from model.learning.linear_model import Floats, Integers

# The share of out-of-scope texts in the traffic that confidences are calibrated for. Neither the
# training data nor its out-of-scope examples show this share.
OUT_OF_SCOPE_SHARE = 0.2
# The share of each kind of contrast texts, for which the weight of its detector is fitted.
# With a larger one, more negated requests are found, and more ordinary messages rejected.
CONTRAST_SHARE = 0.3
# A small slope still ranks texts, where scores do not separate them.
MIN_SLOPE = 1e-3
# Of a detector of contrast texts, in log odds for a score of 1.
MAX_CONTRAST_WEIGHT = 200.0


@dataclass(frozen=True, slots=True)
class OutOfScopeScores:
    """Scores of held-out texts.

    Attributes:
        largest_logits: of the known intents, shape (texts,).
        detector: the detector's scores, shape (texts,); larger for texts out of scope.
        contrast: the scores of the detectors of contrast texts, shape (texts, kinds).
    """

    largest_logits: Floats
    detector: Floats
    contrast: Floats = field(default_factory=partial(np.empty, (1, 0)))  # fits any number of texts

    @classmethod
    def zeros(cls, count: int, kinds: int) -> Self:
        """Return scores to be filled in."""
        return cls(np.zeros(count), np.zeros(count), np.zeros((count, kinds)))

    def at(self, rows: Integers) -> Self:
        """Return the scores of some of the texts."""
        return type(self)(self.largest_logits[rows], self.detector[rows], self.contrast[rows])

    def set_detected(
        self, rows: Integers | NDArray[np.bool_], detector: Floats, contrast: Floats
    ) -> None:
        """Fill in the scores of some of the texts by the detectors."""
        self.detector[rows], self.contrast[rows] = detector, contrast

    def combined(self, detector_weight: float, contrast_weights: tuple[float, ...] = ()) -> Floats:
        """Return the scores that the threshold bounds; smaller for texts out of scope.

        Of the detectors of contrast texts only the strongest counts, and only if it is above zero,
        so that they leave the scores of other texts as they are.
        """
        kinds = self.contrast[:, : len(contrast_weights)]
        strongest: Floats = (kinds * np.array(contrast_weights)).max(axis=1, initial=0.0)
        return self.largest_logits - detector_weight * self.detector - strongest


def fit_detector_weight(in_scope: OutOfScopeScores, out_of_scope: OutOfScopeScores) -> float:
    """Return the detector's weight relative to the largest logit, by logistic regression.

    The weight is 0 if the detector does not help.
    """
    values = np.column_stack(
        (
            np.concatenate((in_scope.largest_logits, out_of_scope.largest_logits)),
            np.concatenate((in_scope.detector, out_of_scope.detector)),
        )
    )
    is_in_scope = np.arange(len(values)) < len(in_scope.detector)
    combiner = LogisticRegression(class_weight="balanced").fit(values, is_in_scope)
    logit_weight, detector_weight = combiner.coef_[0]
    return max(0.0, float(-detector_weight / logit_weight)) if logit_weight > 0 else 0.0


def fit_contrast_weights(
    in_scope: OutOfScopeScores,
    out_of_scope: OutOfScopeScores,
    contrast: Sequence[OutOfScopeScores],
    *,
    detector_weight: float,
) -> tuple[float, ...]:
    """Return the weight of the detector of each kind of contrast texts, relative to the logits.

    Without these detectors, the log odds of being in scope are a linear function of the combined
    score, fitted against ordinary texts out of scope. Each weight has the largest likelihood of
    utterances and of contrast texts of its kind, given this function. If both were fitted together,
    the largest logit, which finds the ordinary texts, would get a smaller weight.

    Args:
        in_scope: of held-out utterances.
        out_of_scope: of held-out ordinary texts.
        contrast: of held-out contrast texts of each kind.
        detector_weight: the weight of the ordinary texts' detector.
    """
    if not contrast:
        return ()
    inside = in_scope.combined(detector_weight)
    calibration = fit_in_scope(inside, out_of_scope.combined(detector_weight))

    def log_odds(combined: Floats, detected: Floats, weight: float) -> Floats:
        weighted = combined - weight * np.maximum(detected, 0)
        return calibration.slope * weighted + calibration.intercept

    def fit_weight(kind: int) -> float:
        outside = contrast[kind].combined(detector_weight)
        detected = contrast[kind].contrast[:, kind]

        def loss(weight: float) -> float:
            false = np.logaddexp(0, -log_odds(inside, in_scope.contrast[:, kind], weight)).mean()
            missed = np.logaddexp(0, log_odds(outside, detected, weight)).mean()
            return float((1 - OUT_OF_SCOPE_SHARE) * false + CONTRAST_SHARE * missed)

        bounds = (0.0, MAX_CONTRAST_WEIGHT / calibration.slope)
        return float(minimize_scalar(loss, bounds=bounds, method="bounded").x)

    return tuple(map(fit_weight, range(len(contrast))))


def fit_in_scope(in_scope: Floats, out_of_scope: Floats) -> InScopeCalibration:
    """Fit the probability of being in scope by logistic regression of the score.

    Targets are smoothed (Platt 1999, section 2.2), so that few or perfectly separated texts do not
    lead to certainty.

    Args:
        in_scope: scores of held-out utterances, shape (utterances,).
        out_of_scope: scores of texts of no known intent, shape (texts,); at least one.
    """
    centre, spread = float(in_scope.mean()), float(in_scope.std()) or 1.0
    values = (np.concatenate((in_scope, out_of_scope)) - centre) / spread
    counts = np.array((len(in_scope), len(out_of_scope)))
    shares = np.array((1 - OUT_OF_SCOPE_SHARE, OUT_OF_SCOPE_SHARE))
    smoothed = np.array(((counts[0] + 1) / (counts[0] + 2), 1 / (counts[1] + 2)))
    weights, targets = (shares / counts).repeat(counts), smoothed.repeat(counts)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        log_odds = parameters[0] * values + parameters[1]
        residuals = weights * (expit(log_odds) - targets)
        likelihoods = np.logaddexp(0, log_odds) - targets * log_odds
        return float(weights @ likelihoods), np.array((residuals @ values, residuals.sum()))

    bounds = ((MIN_SLOPE, None), (None, None))
    slope, intercept = minimize(loss, np.ones(2), jac=True, method="L-BFGS-B", bounds=bounds).x
    calibration = InScopeCalibration(float(slope / spread), float(intercept))
    return calibration.relative_to(-centre)
