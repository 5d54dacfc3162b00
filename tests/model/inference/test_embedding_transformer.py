from __future__ import annotations

import numpy as np
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from model.inference.embedding_transformer import EmbeddingTransformer
from tests.support.tiny_embedding import TINY

TEXTS = ["my order", "where is my parcel", "password"]


def test_step_returns_the_vectors_of_its_embedding():
    """The step transforms texts by its embedding, and needs no fitting."""
    step = EmbeddingTransformer(TINY)

    assert (step.transform(TEXTS) == TINY.transform(TEXTS)).all()
    assert len(step.get_feature_names_out()) == TINY.dimensions


def test_copies_return_the_same_vectors():
    """scikit-learn can copy the step, as its searches do."""
    assert (clone(EmbeddingTransformer(TINY)).transform(TEXTS) == TINY.transform(TEXTS)).all()


def test_pipelines_are_fitted_on_its_vectors():
    """A classifier of scikit-learn can be fitted on the vectors."""
    pipeline = make_pipeline(EmbeddingTransformer(TINY), LogisticRegression(C=100))

    assert list(pipeline.fit(TEXTS, ["a", "b", "c"]).predict(TEXTS)) == ["a", "b", "c"]


def test_words_explain_a_score():
    """The words' contributions add up to the dot product of the text's vector."""
    weights = np.arange(TINY.dimensions, dtype=np.float64)

    contributions = dict(TINY.contributions("my order", weights))

    assert set(contributions) == {"my", "order"}
    np.testing.assert_allclose(
        sum(contributions.values()), TINY.transform(["my order"])[0] @ weights, rtol=1e-6
    )
