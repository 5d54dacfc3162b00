from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import FeatureUnion

from model.inference.embedding_transformer import EmbeddingTransformer
from model.inference.familiarity import VECTOR_ALONE, Familiarity
from model.inference.familiarity_union import FamiliarityUnion
from tests.support.tiny_embedding import TINY

TEXTS = ["where is my order", "where is my parcel"]
BLOCKS = [("word", TfidfVectorizer()), ("vectors", EmbeddingTransformer(TINY))]


@pytest.fixture(scope="module")
def union():
    """A union that ignores the n-grams of texts without known words."""
    return FamiliarityUnion(BLOCKS, familiarity=Familiarity(low=0.0, high=1.0)).fit(TEXTS)


@pytest.fixture(scope="module")
def plain():
    """The same blocks in a union of scikit-learn."""
    return FeatureUnion(BLOCKS).fit(TEXTS)


def test_texts_of_known_words_have_plain_features(union, plain):
    """Where all words are known, the features are those of scikit-learn's own union."""
    assert (union.transform(TEXTS) != plain.transform(TEXTS)).nnz == 0


def test_texts_of_unknown_words_have_a_larger_vector_alone(union):
    """Where no word is known, the n-grams are zero, and the vector is larger."""
    [features] = union.transform(["wo ist das"]).toarray()

    assert not features[: -TINY.dimensions].any()
    vector = VECTOR_ALONE * TINY.transform(["wo ist das"])[0]
    np.testing.assert_allclose(features[-TINY.dimensions :], vector, rtol=1e-6)


def test_texts_of_some_known_words_are_in_between(union, plain):
    """Half of the words known: the n-grams count half."""
    text = ["wo ist my ORDER"]
    count = -TINY.dimensions

    ngrams = union.transform(text).toarray()[:, :count]

    np.testing.assert_allclose(ngrams, plain.transform(text).toarray()[:, :count] / 2, rtol=1e-6)
    assert union.vector_factor(text[0]) == pytest.approx((1 + VECTOR_ALONE) / 2)


@pytest.mark.parametrize("copied", [clone, lambda union: pickle.loads(pickle.dumps(union))])
def test_copies_count_in_the_same_way(union, copied):
    """scikit-learn can copy the union, and joblib can save it."""
    assert copied(union).familiarity == union.familiarity
