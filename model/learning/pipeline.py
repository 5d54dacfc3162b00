"""The scikit-learn pipeline: how a text becomes features, and the form of the classifier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline

from model.inference.embedding_transformer import StaticVectors
from model.inference.static_embedding import Embedding
from model.learning.linear_model import Linear

# What each block of features counts for while the weights are learnt. Characters say a little more
# than words, on all of the sets that were tried.
BLOCK_WEIGHTS: Mapping[str, float] = {"word": 1.0, "char": 1.4, "static": 1.5}
STATIC = "static"


def build_features(embedding: Embedding | None = None) -> FeatureUnion:
    """Build the untrained features: TF-IDF of words and of characters within words.

    With an embedding, the texts' static vectors are the last block of them.

    Character n-grams carry typos and word forms, word bigrams the phrases. Characters go without
    idf: a rare run of letters is mostly a rare word, which the words weigh already. Single
    precision halves the model's size and changes no answer.
    """
    common = {"sublinear_tf": True, "strip_accents": "unicode", "dtype": np.float32}
    words = TfidfVectorizer(
        ngram_range=(1, 2),
        token_pattern=r"(?u)\b\w+\b",  # noqa: S106 - a pattern, no secret
        **common,
    )
    characters = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 5), min_df=2, use_idf=False, **common
    )
    blocks = [("word", words), ("char", characters)]
    if embedding is not None:
        blocks.append((STATIC, StaticVectors(embedding)))
    return FeatureUnion(blocks)


def build_pipeline() -> Pipeline:
    """Build an untrained pipeline of the form that training saves.

    Its own ``fit`` learns by logistic regression; training learns better weights for the same form.
    """
    return Pipeline([("features", build_features()), ("classifier", LogisticRegression(C=30.0))])


def fitted_pipeline(features: FeatureUnion, linear: Linear, labels: tuple[str, ...]) -> Pipeline:
    """Put fitted features and learnt weights together to a fitted pipeline.

    Without static vectors, only classes of scikit-learn are in it: it can be loaded anywhere. The
    classifier is a logistic regression because its ``predict_proba`` is the softmax that the
    weights are meant for.

    Args:
        features: fitted.
        linear: one row of coefficients for each label; of two, which scikit-learn scores by one
            number, their sum must be zero.
        labels: what the rows stand for.
    """
    if len(labels) == 2:  # noqa: PLR2004
        linear = Linear(2 * linear.coefficients[1:], 2 * linear.intercept[1:])
    for _, block in features.transformer_list:
        # An address that scikit-learn 1.9 notes down: the file would be another one each time.
        vars(block).pop("_stop_words_id", None)
    classifier: Any = LogisticRegression()
    classifier.classes_ = np.array(labels)
    # In the order of columns, as scikit-learn fits them: it predicts faster so.
    classifier.coef_ = np.asfortranarray(linear.coefficients)
    classifier.intercept_ = linear.intercept
    classifier.n_features_in_ = linear.coefficients.shape[1]
    classifier.n_iter_ = np.array([1], dtype=np.int32)
    return Pipeline([("features", features), ("classifier", classifier)])


def block_sizes(features: FeatureUnion) -> dict[str, int]:
    """Give the number of columns of each block of fitted features, in their order."""
    return {name: len(block.get_feature_names_out()) for name, block in features.transformer_list}
