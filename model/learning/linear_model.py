"""Linear classifiers: support vector machines, naive Bayes, logistic regression, and detectors.

Coefficients are centred: over all labels, those of a feature add up to zero. This changes no
prediction, but makes the largest score comparable between texts, which detects texts out of scope.

In all functions, ``features`` are sparse, of shape (texts, features), ``targets`` the index of each
text's label, ``weights`` the sample weight of each text, and ``seed`` that of the solver.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]

# Small, so that an n-gram that never occurs with an intent is strong evidence against it.
NAIVE_BAYES_SMOOTHING = 0.003
# scikit-learn's C of the support vector machine, chosen on validation data, and of the detector.
REGULARISATION, DETECTOR_REGULARISATION = 0.5, 0.1
# Chosen on validation data; with a larger tolerance, few utterances do not converge.
VECTOR_REGULARISATION, VECTOR_TOLERANCE = 10.0, 1e-4
# liblinear's stopping criteria; smaller ones have no visible effect.
TOLERANCE, JOINT_TOLERANCE = 1e-2, 0.5


@dataclass(frozen=True, slots=True)
class Linear:
    """Coefficients and intercepts of a linear classifier.

    Attributes:
        coefficients: shape (labels, features), single precision.
        intercept: shape (labels,).
    """

    coefficients: NDArray[np.float32]
    intercept: Floats

    def scores(self, features: Any) -> Floats:
        """Return the scores of texts, shape (texts, labels)."""
        scores: Floats = np.asarray(features @ self.coefficients.T, dtype=np.float64)
        return scores + self.intercept

    def times(self, factor: float) -> Linear:
        """Return a classifier whose scores are multiplied by ``factor``."""
        return Linear(self.coefficients * np.float32(factor), self.intercept * factor)

    def plus(self, other: Linear) -> Linear:
        """Return a classifier whose scores are the sums of both scores."""
        return Linear(self.coefficients + other.coefficients, self.intercept + other.intercept)

    def scaled_features(self, factors: NDArray[np.float32]) -> Linear:
        """Return a model that scores raw features as this one scores features times ``factors``."""
        return Linear(self.coefficients * factors, self.intercept)

    def with_idle_features(self, *, before: int = 0, after: int = 0) -> Linear:
        """Return a classifier of more features: those around its own have the coefficient zero."""
        return Linear(np.pad(self.coefficients, ((0, 0), (before, after))), self.intercept)

    def with_intercept_cancelled_by(self, column: int) -> Linear:
        """Return a classifier whose intercept has no effect on texts with a 1 in this column."""
        coefficients = self.coefficients.copy()
        coefficients[:, column] -= self.intercept
        return Linear(coefficients, self.intercept)

    def with_label(self, other: Linear) -> Linear:
        """Return a classifier with the label of another one in the last place."""
        return Linear(
            np.vstack((self.coefficients, other.coefficients)),
            np.concatenate((self.intercept, other.intercept)),
        )


def fit_svm(features: Any, targets: Integers, weights: Floats, *, seed: int) -> Linear:
    """Fit a linear support vector machine, one label against the rest."""
    machine = LinearSVC(C=REGULARISATION, tol=TOLERANCE, random_state=seed)
    return _fitted(machine, features, targets, weights)


def fit_joint_svm(features: Any, targets: Integers, weights: Floats, *, seed: int) -> Linear:
    """Fit a linear support vector machine of all labels (Crammer and Singer 2001)."""
    machine = LinearSVC(
        C=REGULARISATION, multi_class="crammer_singer", tol=JOINT_TOLERANCE, random_state=seed
    )
    return _fitted(machine, features, targets, weights)


def _fitted(machine: LinearSVC, features: Any, targets: Integers, weights: Floats) -> Linear:
    machine.fit(features, targets, sample_weight=weights)
    coefficients, intercept = machine.coef_, machine.intercept_
    if len(coefficients) == 1:  # two labels share one score
        coefficients = np.vstack((-coefficients, coefficients))
        intercept = np.concatenate((-intercept, intercept))
    return _centred(coefficients, intercept)


def fit_naive_bayes(features: Any, targets: Integers, weights: Floats) -> Linear:
    """Fit multinomial naive Bayes with equal priors; features must not be negative."""
    sums = sums_by_label(features, targets, weights) + np.float32(NAIVE_BAYES_SMOOTHING)
    likelihoods = np.log(sums / sums.sum(axis=1, keepdims=True))
    return _centred(likelihoods, np.zeros(len(sums)))


def sums_by_label(features: Any, targets: Integers, weights: Floats) -> NDArray[np.float32]:
    """Return the weighted sums of the features of each label's texts, shape (labels, features)."""
    members = csr_matrix((weights, (targets, np.arange(len(targets)))), dtype=np.float32)
    sums: NDArray[np.float32] = (members @ features).toarray()
    return sums


def fit_logistic_regression(
    vectors: NDArray[np.float32], targets: Integers, weights: Floats
) -> Linear:
    """Fit a multinomial logistic regression on vectors of length one, (texts, dimensions)."""
    model = LogisticRegression(C=VECTOR_REGULARISATION, tol=VECTOR_TOLERANCE, max_iter=1000)
    model.fit(vectors, targets, sample_weight=weights)
    coefficients, intercept = model.coef_, model.intercept_
    if len(coefficients) == 1:  # two labels share one score
        coefficients = np.vstack((-coefficients, coefficients)) / 2
        intercept = np.concatenate((-intercept, intercept)) / 2
    return _centred(coefficients, intercept)


def fit_detector(
    features: Any,
    is_out_of_scope: NDArray[np.bool_],
    *,
    seed: int,
    regularisation: float = DETECTOR_REGULARISATION,
) -> Linear:
    """Fit a binary classifier of out-of-scope texts; its one score is larger for them."""
    machine = LinearSVC(C=regularisation, tol=TOLERANCE, class_weight="balanced", random_state=seed)
    machine.fit(features, is_out_of_scope)
    return Linear(machine.coef_.astype(np.float32), machine.intercept_.astype(np.float64))


def _centred(coefficients: NDArray[Any], intercept: NDArray[Any]) -> Linear:
    return Linear(
        (coefficients - coefficients.mean(axis=0)).astype(np.float32),
        np.asarray(intercept - intercept.mean(), dtype=np.float64),
    )
