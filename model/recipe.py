"""How a model is learnt: views of the same features, and how much each of them says.

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

from model.linear import Floats, Integers, Linear

# What the views say on most data; what few held-out utterances say is drawn towards it.
USUAL_WEIGHTS = (3.0, 0.13)
PRIOR_UTTERANCES = 3.0


@dataclass(frozen=True, slots=True)
class Settings:
    """How the views are learnt.

    Attributes:
        regularisation: of the support vector machine, scikit-learn's C.
        is_concentrated: whether n-grams of few labels count for more than those of many.
    """

    regularisation: float
    is_concentrated: bool = False


CHOICES = (Settings(0.3), Settings(1.0), Settings(1.0, is_concentrated=True))


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is chosen on held-out utterances.

    Attributes:
        settings: how the views are learnt.
        weights: what the scores of each view are multiplied with before they are added.
    """

    settings: Settings
    weights: tuple[float, ...]

    def blend(self, views: Sequence[Linear]) -> Linear:
        """Put the views together."""
        first, *others = (
            view.times(weight) for view, weight in zip(views, self.weights, strict=True)
        )
        blended = first
        for other in others:
            blended = blended.plus(other)
        return blended

    @classmethod
    def choose(cls, held_out: Mapping[Settings, Sequence[Floats]], targets: Integers) -> Recipe:
        """Choose what makes the true labels of held-out utterances most likely.

        Concentrated n-grams have to gain more than one standard error of the gain (the rule of
        Breiman et al. 1984, Classification and Regression Trees): where it makes no difference,
        nothing is added.

        Args:
            held_out: for each choice of settings, the scores by each view, shape (texts, labels);
                the concentrated ones last.
            targets: the index of each utterance's true label.
        """
        fits = {each: _fit_weights(views, targets) for each, views in held_out.items()}
        best, *others = fits
        for each in others:
            gains = fits[best].losses - fits[each].losses
            needed = float(sem(gains)) if each.is_concentrated else 0.0
            best = each if gains.mean() > needed else best
        return cls(best, fits[best].weights)


@dataclass(frozen=True, slots=True)
class _Fit:
    """Weights of the views, and how far they leave each utterance's true label unlikely."""

    weights: tuple[float, ...]
    losses: Floats


def _fit_weights(views: Sequence[Floats], targets: Integers) -> _Fit:
    """Find the weights of the least mean loss: negative log-likelihood, and the prior's part."""
    usual = np.log(USUAL_WEIGHTS[: len(views)])

    def losses(logs: Floats) -> Floats:
        blended = sum(np.exp(log) * view for log, view in zip(logs, views, strict=True))
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
