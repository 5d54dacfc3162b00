"""The scikit-learn pipeline that is trained."""

from __future__ import annotations

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline


def build_pipeline() -> Pipeline:
    """Build the untrained classifier: word and character n-grams into logistic regression.

    Character n-grams carry typos and word forms, word bigrams the phrases. The solver has to
    converge: a loose tolerance costs more than a point of accuracy. Single precision halves the
    model's size and changes no answer.
    """
    features = FeatureUnion(
        [
            (
                "word",
                TfidfVectorizer(
                    ngram_range=(1, 2),
                    token_pattern=r"(?u)\b\w+\b",  # noqa: S106 - a pattern, no secret
                    sublinear_tf=True,
                    strip_accents="unicode",
                    dtype=np.float32,
                ),
            ),
            (
                "char",
                TfidfVectorizer(
                    analyzer="char_wb",
                    ngram_range=(2, 5),
                    min_df=2,
                    sublinear_tf=True,
                    strip_accents="unicode",
                    dtype=np.float32,
                ),
            ),
        ]
    )
    classifier = LogisticRegression(C=30.0, tol=1e-4, max_iter=1000)
    return Pipeline([("features", features), ("classifier", classifier)])
