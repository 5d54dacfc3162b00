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

        Args:
            held_out: for each choice of settings, the scores by each view, shape (texts, labels).
            targets: the index of each utterance's true label.
        """
        choices = {each: _fit_weights(views, targets) for each, views in held_out.items()}
        best = min(choices, key=lambda each: choices[each][1])
        return cls(best, choices[best][0])


def _fit_weights(views: Sequence[Floats], targets: Integers) -> tuple[tuple[float, ...], float]:
    """Find the weights of the least negative log-likelihood, and that."""
    usual = np.log(USUAL_WEIGHTS[: len(views)])

    def loss(logs: Floats) -> float:
        blended = sum(np.exp(log) * view for log, view in zip(logs, views, strict=True))
        prior = PRIOR_UTTERANCES / len(targets) * float(np.square(logs - usual).sum())
        return negative_log_likelihood(blended, targets) + prior

    found = minimize(loss, usual, method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-5})
    return tuple(float(weight) for weight in np.exp(found.x)), float(found.fun)


def negative_log_likelihood(logits: Floats, targets: Integers) -> float:
    """Give the mean negative logarithm of the true labels' probabilities."""
    chosen = logits[np.arange(len(targets)), targets]
    return float(np.mean(logsumexp(logits, axis=1) - chosen))
