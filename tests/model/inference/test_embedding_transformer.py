from __future__ import annotations

import numpy as np
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from model.inference.embedding_transformer import StaticVectors
from tests.support.tiny_embedding import TINY

TEXTS = ["my order", "where is my parcel", "password"]


def test_step_gives_the_vectors_of_its_embedding():
    """The step transforms texts by its embedding, and needs no fitting."""
    step = StaticVectors(TINY)

    assert (step.transform(TEXTS) == TINY.transform(TEXTS)).all()
    assert len(step.get_feature_names_out()) == TINY.dimensions


def test_copies_give_the_same_vectors():
    """scikit-learn can copy the step, as its searches do."""
    assert (clone(StaticVectors(TINY)).transform(TEXTS) == TINY.transform(TEXTS)).all()


def test_pipelines_learn_from_it():
    """A pipeline of scikit-learn fits on its vectors."""
    pipeline = make_pipeline(StaticVectors(TINY), LogisticRegression(C=100))

    assert list(pipeline.fit(TEXTS, ["a", "b", "c"]).predict(TEXTS)) == ["a", "b", "c"]


def test_words_explain_a_score():
    """What the words add is what the whole text's vector gives."""
    weights = np.arange(TINY.dimensions, dtype=np.float64)

    added = StaticVectors(TINY).contributions("my order", weights)

    assert set(added) == {"my", "order"}
    np.testing.assert_allclose(
        sum(added.values()), TINY.transform(["my order"])[0] @ weights, rtol=1e-6
    )
