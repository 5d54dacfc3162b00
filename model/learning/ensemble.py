"""How a model is learnt: base_models of the same features, and how much each of them says.

A support vector machine looks for the borders between intents, naive Bayes for what an intent's
utterances consist of. They err differently, and both are linear: their weighted sum is one linear
classifier again, which costs nothing more to serve. Both learn from each utterance and, with a
small weight, from a misspelt copy of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp
from scipy.stats import sem

from model.learning.linear_model import Floats, Integers, Linear

# What the base_models say on most data; what few held-out utterances say is drawn towards it.
USUAL_WEIGHTS = (3.0, 0.13)
PRIOR_UTTERANCES = 3.0


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    """How the base_models are learnt.

    Attributes:
        regularisation: of the support vector machine, scikit-learn's C.
        is_concentrated: whether n-grams of few labels count for more than those of many.
    """

    regularisation: float
    is_concentrated: bool = False


CANDIDATES = (
    Hyperparameters(0.3),
    Hyperparameters(1.0),
    Hyperparameters(1.0, is_concentrated=True),
)


@dataclass(frozen=True, slots=True)
class Ensemble:
    """What is chosen on held-out utterances.

    Attributes:
        settings: how the base_models are learnt.
        weights: what the scores of each view are multiplied with before they are added.
    """

    settings: Hyperparameters
    weights: tuple[float, ...]

    def blend(self, base_models: Sequence[Linear]) -> Linear:
        """Put the base_models together."""
        first, *others = (
            view.times(weight) for view, weight in zip(base_models, self.weights, strict=True)
        )
        blended = first
        for other in others:
            blended = blended.plus(other)
        return blended

    @classmethod
    def choose(
        cls, held_out: Mapping[Hyperparameters, Sequence[Floats]], targets: Integers
    ) -> Ensemble:
        """Choose what makes the true labels of held-out utterances most likely.

        Concentrated n-grams have to gain more than one standard error of the gain (the rule of
        Breiman et al. 1984, Classification and Regression Trees): where it makes no difference,
        nothing is added.

        Args:
            held_out: for each choice of settings, the scores by each view, shape (texts, labels);
                the concentrated ones last.
            targets: the index of each utterance's true label.
        """
        fits = {each: _fit_weights(base_models, targets) for each, base_models in held_out.items()}
        best, *others = fits
        for each in others:
            gains = fits[best].losses - fits[each].losses
            needed = float(sem(gains)) if each.is_concentrated else 0.0
            best = each if gains.mean() > needed else best
        return cls(best, fits[best].weights)


@dataclass(frozen=True, slots=True)
class _Fit:
    """Weights of the base_models, and how far they leave each utterance's true label unlikely."""

    weights: tuple[float, ...]
    losses: Floats


def _fit_weights(base_models: Sequence[Floats], targets: Integers) -> _Fit:
    """Find the weights of the least mean loss: negative log-likelihood, and the prior's part."""
    usual = np.log(USUAL_WEIGHTS[: len(base_models)])

    def losses(logs: Floats) -> Floats:
        blended = sum(np.exp(log) * view for log, view in zip(logs, base_models, strict=True))
        prior = PRIOR_UTTERANCES / len(targets) * float(np.square(logs - usual).sum())
        return negative_log_likelihoods(blended, targets) + prior

    options = {"xatol": 1e-3, "fatol": 1e-5}
    found = minimize(lambda logs: losses(logs).mean(), usual, method="Nelder-Mead", options=options)
    return _Fit(tuple(float(weight) for weight in np.exp(found.x)), losses(found.x))


def negative_log_likelihoods(logits: Floats, targets: Integers) -> Floats:
    """Give the negative logarithms of the true labels' probabilities: shape (texts,)."""
    chosen = logits[np.arange(len(targets)), targets]
    return np.asarray(logsumexp(logits, axis=1) - chosen)


def negative_log_likelihood(logits: Floats, targets: Integers) -> float:
    """Give the mean negative logarithm of the true labels' probabilities."""
    return float(negative_log_likelihoods(logits, targets).mean())
