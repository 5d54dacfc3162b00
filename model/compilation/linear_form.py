"""Classifiers as coefficients and an intercept."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import (
    LogisticRegression,
    LogisticRegressionCV,
    RidgeClassifier,
    RidgeClassifierCV,
    SGDClassifier,
)
from sklearn.naive_bayes import BernoulliNB, ComplementNB, MultinomialNB
from sklearn.svm import LinearSVC
from sklearn.utils.validation import check_is_fitted

from model.errors import CompilationError

LINEAR = (
    LinearSVC,
    LogisticRegression,
    LogisticRegressionCV,
    RidgeClassifier,
    RidgeClassifierCV,
    SGDClassifier,
)
NAIVE_BAYES = (BernoulliNB, ComplementNB, MultinomialNB)


def linear_form(name: str, classifier: Any) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Return a classifier's coefficients, shape (labels, features), and intercept.

    Raises:
        CompilationError: its class has no linear form, or it is not fitted.
    """
    if type(classifier) not in {*LINEAR, *NAIVE_BAYES}:
        raise unsupported(name, classifier)
    check_fitted(name, classifier)
    if type(classifier) in LINEAR:
        coefficients, intercept = classifier.coef_, np.atleast_1d(classifier.intercept_)
    else:
        coefficients, intercept = _naive_bayes_form(classifier)
    coefficients = coefficients.toarray() if issparse(coefficients) else coefficients
    coefficients = np.atleast_2d(coefficients)
    if len(coefficients) == 1:  # a binary classifier's one score is split over both labels
        coefficients, intercept = (
            np.concatenate((-part / 2, part / 2)) for part in (coefficients, intercept)
        )
    full_intercept = np.zeros(len(coefficients)) + intercept  # 0.0 where none was fitted
    return coefficients, full_intercept


def _naive_bayes_form(classifier: Any) -> tuple[NDArray[Any], NDArray[np.float64]]:
    present = classifier.feature_log_prob_
    if isinstance(classifier, ComplementNB):
        return present, np.zeros(len(present))
    if isinstance(classifier, MultinomialNB):
        return present, classifier.class_log_prior_
    absent = np.log(1 - np.exp(present))
    return present - absent, classifier.class_log_prior_ + absent.sum(axis=1)


def check_fitted(name: str, step: Any) -> None:
    """Raise CompilationError if a step is not fitted."""
    try:
        check_is_fitted(step)
    except NotFittedError as error:
        raise CompilationError(name, "is not fitted") from error


def unsupported(name: str, step: Any) -> CompilationError:
    """Return the error of a step whose class has no compiled form."""
    return CompilationError(name, f"is a {type(step).__name__}, which has no compiled form")
