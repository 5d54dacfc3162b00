"""Linear classifiers over one matrix of features, learnt in different ways.

The scores of each are centred: over all labels, the weights of a feature sum to zero. No label
gains or loses by that, but the largest score then tells how much speaks for a label more than for
the others, which is what finds texts out of scope.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.svm import LinearSVC

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]

# Small, so that an n-gram which an intent never had speaks loudly against it.
BAYES_SMOOTHING = 0.003
DETECTOR_REGULARISATION = 0.1
TOLERANCE = 1e-2  # of liblinear's own measure; a smaller one changes no score visibly


@dataclass(frozen=True, slots=True)
class Linear:
    """Weights of features for labels.

    Attributes:
        coefficients: shape (labels, features), single precision.
        intercept: shape (labels,).
    """

    coefficients: NDArray[np.float32]
    intercept: Floats

    def scores(self, features: Any) -> Floats:
        """Score texts by their features: shape (texts, labels)."""
        scores: Floats = np.asarray(features @ self.coefficients.T, dtype=np.float64)
        return scores + self.intercept

    def times(self, factor: float) -> Linear:
        """Scale all scores."""
        return Linear(self.coefficients * np.float32(factor), self.intercept * factor)

    def plus(self, other: Linear) -> Linear:
        """Add the scores of another one over the same labels."""
        return Linear(self.coefficients + other.coefficients, self.intercept + other.intercept)

    def scaled_features(self, factors: NDArray[np.float32]) -> Linear:
        """Score features as they are as these weights score them times a factor each."""
        return Linear(self.coefficients * factors, self.intercept)

    def with_idle_features(self, count: int) -> Linear:
        """Append features that say nothing."""
        idle = np.zeros((len(self.coefficients), count), np.float32)
        return Linear(np.hstack((self.coefficients, idle)), self.intercept)

    def with_label(self, other: Linear) -> Linear:
        """Append the one label of another."""
        return Linear(
            np.vstack((self.coefficients, other.coefficients)),
            np.concatenate((self.intercept, other.intercept)),
        )


def fit_svm(
    features: Any, targets: Integers, weights: Floats, *, regularisation: float, seed: int
) -> Linear:
    """Learn where the labels part: a linear support vector machine, each label against the rest.

    Args:
        features: shape (texts, features), sparse.
        targets: the index of each text's label.
        weights: what each text counts for.
        regularisation: scikit-learn's C: the smaller, the simpler the model.
        seed: of the solver's order.
    """
    machine = LinearSVC(C=regularisation, tol=TOLERANCE, random_state=seed)
    machine.fit(features, targets, sample_weight=weights)
    coefficients, intercept = machine.coef_, machine.intercept_
    if len(coefficients) == 1:  # two labels share one score
        coefficients = np.vstack((-coefficients, coefficients))
        intercept = np.concatenate((-intercept, intercept))
    return _centred(coefficients, intercept)


def fit_naive_bayes(features: Any, targets: Integers, weights: Floats) -> Linear:
    """Learn what each label's texts consist of: multinomial naive Bayes with equal priors.

    Args:
        features: shape (texts, features), sparse, none negative.
        targets: the index of each text's label.
        weights: what each text counts for.
    """
    sums = sums_by_label(features, targets, weights) + np.float32(BAYES_SMOOTHING)
    likelihoods = np.log(sums / sums.sum(axis=1, keepdims=True))
    return _centred(likelihoods, np.zeros(len(sums)))


def sums_by_label(features: Any, targets: Integers, weights: Floats) -> NDArray[np.float32]:
    """Add up the features of each label's texts: shape (labels, features).

    Args:
        features: shape (texts, features), sparse.
        targets: the index of each text's label.
        weights: what each text counts for.
    """
    members = csr_matrix((weights, (targets, np.arange(len(targets)))), dtype=np.float32)
    sums: NDArray[np.float32] = (members @ features).toarray()
    return sums


def fit_detector(features: Any, is_out_of_scope: NDArray[np.bool_], *, seed: int) -> Linear:
    """Learn what sets out-of-scope texts apart: one score, the larger the farther out of scope.

    Args:
        features: shape (texts, features), sparse.
        is_out_of_scope: of each text.
        seed: of the solver's order.
    """
    machine = LinearSVC(
        C=DETECTOR_REGULARISATION, tol=TOLERANCE, class_weight="balanced", random_state=seed
    )
    machine.fit(features, is_out_of_scope)
    return Linear(machine.coef_.astype(np.float32), machine.intercept_.astype(np.float64))


def _centred(coefficients: NDArray[Any], intercept: NDArray[Any]) -> Linear:
    return Linear(
        (coefficients - coefficients.mean(axis=0)).astype(np.float32),
        np.asarray(intercept - intercept.mean(), dtype=np.float64),
    )
