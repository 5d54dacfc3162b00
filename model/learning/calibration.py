"""Calibration: the temperature of the softmax, and the probability of being in scope."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.optimize import minimize

from model.inference.calibration import MAX_ENTROPY_SLOPE, InScopeCalibration, Temperature
from model.learning.cross_validation import HeldOut, Progress
from model.learning.ensemble import negative_log_likelihood
from model.learning.left_out_intents import left_out_scores
from model.learning.linear_model import Floats, Integers
from model.learning.out_of_scope import fit_in_scope
from model.learning.training_set import TrainingSet

MAX_UTTERANCES = 20_000
# The standard deviations of the normal priors of the temperature's logarithm and of its slope. The
# ensemble's weights are fitted to the likelihood already, so that the temperature is close to 1.
DEVIATIONS = np.array([1.0, 0.1])


@dataclass(frozen=True, slots=True)
class Calibration:
    """How to interpret the scores of a model, fitted on held-out texts.

    Attributes:
        temperature: divides the logits before the softmax.
        in_scope: the probability of being in scope, as a function of ``HeldOut.scope_scores``;
            fitted without the detectors of contrast texts.
        lowest_score: of utterances in scope; a text with a lower score is out of scope.
    """

    temperature: Temperature
    in_scope: InScopeCalibration
    lowest_score: float

    @property
    def threshold(self) -> float:
        """The lowest probability of being in scope, 0 to 1, of texts that are not rejected."""
        return self.in_scope.probability(self.lowest_score)


def start_calibration(
    training_set: TrainingSet,
    held_out: HeldOut,
    *,
    reject_budget: float,
    seed: int,
    progress: Progress,
) -> Callable[[], Calibration]:
    """Start to fit the calibration of a model; the returned function waits for it.

    The probability of being in scope is fitted on the held-out out-of-scope examples, or, if there
    are none, on utterances of intents that are left out of training in turn. With large data, other
    processes score these meanwhile.

    Args:
        training_set: utterances, intents and out-of-scope texts.
        held_out: their scores by cross-validation with the same seed.
        reject_budget: the share of in-scope utterances that may be rejected, 0 to 1.
        seed: the random seed of folds and solvers.
        progress: called with a line of text at each step.
    """
    if training_set.out_of_scope:
        outside = iter([held_out.out_of_scope.combined(held_out.detector_weight)])
    else:
        progress("Leaving out intents in turn, to learn what is out of scope")
        outside = left_out_scores(training_set, held_out, seed=seed)
    targets = training_set.targets[held_out.scored]
    return partial(_calibrate, held_out, targets, outside, reject_budget)


def _calibrate(
    held_out: HeldOut, targets: Integers, outside: Iterable[Floats], reject_budget: float
) -> Calibration:
    inside = held_out.in_scope.combined(held_out.detector_weight)
    return Calibration(
        fit_temperature(held_out.logits, targets),
        # Without the detectors of contrast texts, whose weights were fitted given this function.
        fit_in_scope(inside, np.concatenate([*outside])),
        rejection_threshold(held_out.scope_scores, reject_budget),
    )


def fit_temperature(logits: Floats, targets: Integers) -> Temperature:
    """Fit the temperature of the softmax.

    Args:
        logits: of held-out utterances, shape (utterances, labels).
        targets: the index of each utterance's true label.

    Returns:
        The temperature with the smallest negative log-likelihood (Guo et al. 2017, section 4.2);
        the fewer utterances, the closer to one temperature of 1 for all texts.
    """
    # Two numbers need no more utterances than this.
    rows = np.unique(np.linspace(0, len(targets) - 1, MAX_UTTERANCES).astype(np.intp))
    centred = logits[rows] - logits[rows].max(axis=1, keepdims=True)

    def temperature(parameters: Floats) -> Temperature:
        log_base, slope = parameters.tolist()
        return Temperature(math.exp(log_base), slope)

    def loss(parameters: Floats) -> float:
        scaled = temperature(parameters).scaled(centred)
        penalty = np.square(parameters / DEVIATIONS).sum() / (2 * len(rows))
        return negative_log_likelihood(scaled, targets[rows]) + float(penalty)

    bounds = (None, None), (-MAX_ENTROPY_SLOPE, MAX_ENTROPY_SLOPE)
    return temperature(minimize(loss, np.zeros(2), method="L-BFGS-B", bounds=bounds).x)


def rejection_threshold(scope_scores: Floats, reject_budget: float) -> float:
    """Return the threshold that rejects a share of in-scope utterances.

    Args:
        scope_scores: of held-out in-scope utterances, shape (utterances,).
        reject_budget: the share of them that may be rejected, 0 to 1.
    """
    return float(np.quantile(scope_scores, reject_budget))
