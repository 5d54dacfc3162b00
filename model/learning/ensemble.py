"""The ensemble of a support vector machine and naive Bayes, and its hyperparameters.

A support vector machine is discriminative, naive Bayes generative, so that their errors differ.
Both are linear: their weighted sum is a single linear classifier, no slower to serve than one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp
from scipy.stats import sem

from model.learning.linear_model import Floats, Integers, Linear

# Weights that suit most data sets, towards which those of few held-out utterances are shrunk: by
# the number of base models.
USUAL_WEIGHTS = {2: (3.0, 0.13), 3: (1.0, 0.07, 0.8)}
PRIOR_UTTERANCES = 3.0
# From this number of utterances on, one support vector machine of all labels is as accurate as one
# of each label, and is fitted in a fifth to three eighths of the time. With few utterances an
# intent it is less accurate.
MIN_JOINT = 5000


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    """Hyperparameters of the base models; the model card stores the names of the fields.

    Attributes:
        is_concentrated: whether n-grams of few labels weigh more (entropy-based term weighting).
        is_joint: whether one support vector machine separates all labels (Crammer and Singer
            2001), instead of one for each label.
    """

    is_concentrated: bool = False
    is_joint: bool = False


def candidates(utterance_count: int) -> tuple[Hyperparameters, ...]:
    """Return the hyperparameters to choose from, the simplest first."""
    is_joint = utterance_count >= MIN_JOINT
    return (
        Hyperparameters(is_joint=is_joint),
        Hyperparameters(is_concentrated=True, is_joint=is_joint),
    )


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Hyperparameters and weights that were chosen on held-out utterances.

    Attributes:
        hyperparameters: of the base models.
        weights: the weight of each base model's scores.
    """

    hyperparameters: Hyperparameters
    weights: tuple[float, ...]

    def blend(self, base_models: Sequence[Linear]) -> Linear:
        """Return the weighted sum of the base models."""
        weighted = map(Linear.times, base_models, self.weights)
        return reduce(Linear.plus, weighted)

    @classmethod
    def choose(
        cls, held_out: Mapping[Hyperparameters, Sequence[Floats]], targets: Integers
    ) -> Ensemble:
        """Choose hyperparameters and weights by the likelihood of held-out utterances' labels.

        The first candidate is chosen unless another one gains more than a standard error of the
        gain (the rule of Breiman et al. 1984, Classification and Regression Trees), so that the
        simplest model wins a tie.

        Args:
            held_out: the scores of each base model, shape (texts, labels), for each candidate,
                the simplest first.
            targets: the index of each utterance's true label.
        """
        fits = {each: _fit_weights(scores, targets) for each, scores in held_out.items()}
        best, *others = fits
        for each in others:
            gains = fits[best].losses - fits[each].losses
            best = each if gains.mean() > sem(gains) else best
        return cls(best, fits[best].weights)


@dataclass(frozen=True, slots=True)
class _Fit:
    """Weights of the base models, and the loss of each utterance."""

    weights: tuple[float, ...]
    losses: Floats


def _fit_weights(scores: Sequence[Floats], targets: Integers) -> _Fit:
    """Minimize the mean loss: the negative log-likelihood plus the prior."""
    usual = np.log(USUAL_WEIGHTS[len(scores)])
    prior = PRIOR_UTTERANCES / len(targets)
    of_targets = np.stack([each[np.arange(len(targets)), targets] for each in scores])

    def losses(logs: Floats) -> tuple[Floats, Floats]:
        """Return the loss of each text, and the gradient of their mean."""
        weights = np.exp(logs)
        blended = sum(weight * each for weight, each in zip(weights, scores, strict=True))
        normalizers = logsumexp(blended, axis=1)
        probabilities = np.exp(blended - normalizers[:, np.newaxis])
        expected = np.stack([np.einsum("tl,tl->t", probabilities, each) for each in scores])
        values = normalizers - weights @ of_targets + prior * np.square(logs - usual).sum()
        slopes = weights * (expected - of_targets).mean(axis=1) + 2 * prior * (logs - usual)
        return values, slopes

    def mean_loss(logs: Floats) -> tuple[float, Floats]:
        values, slopes = losses(logs)
        return float(values.mean()), slopes

    found = minimize(mean_loss, usual, jac=True, method="L-BFGS-B").x
    return _Fit(tuple(np.exp(found).tolist()), losses(found)[0])


def negative_log_likelihood(logits: Floats, targets: Integers) -> float:
    """Return the mean negative log-likelihood of the labels."""
    chosen = logits[np.arange(len(targets)), targets]
    return float((logsumexp(logits, axis=1) - chosen).mean())
