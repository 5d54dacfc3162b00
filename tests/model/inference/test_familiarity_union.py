from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import FeatureUnion

from model.inference.embedding_transformer import EmbeddingTransformer
from model.inference.familiarity import Familiarity
from model.inference.familiarity_union import FamiliarityUnion
from tests.support.tiny_embedding import TINY, TINY_NEIGHBOURS

TEXTS = ["where is my order", "where is my parcel"]
BLOCKS = [("word", TfidfVectorizer()), ("vectors", EmbeddingTransformer(TINY))]
SIMILAR = TINY_NEIGHBOURS.feature_count


@pytest.fixture(scope="module")
def union():
    """A union that ignores the n-grams of texts without known words."""
    familiarity = Familiarity(low=0.0, high=1.0)
    return FamiliarityUnion(BLOCKS, familiarity=familiarity, neighbours=TINY_NEIGHBOURS).fit(TEXTS)


@pytest.fixture(scope="module")
def plain():
    """The same blocks in a union of scikit-learn."""
    return FeatureUnion(BLOCKS).fit(TEXTS)


def test_texts_of_known_words_have_plain_features(union, plain):
    """Where all words are known, no density counts."""
    features = union.transform(TEXTS)

    assert (features[:, :-SIMILAR] != plain.transform(TEXTS)).nnz == 0
    assert features[:, -SIMILAR:].nnz == 0


def test_texts_of_unknown_words_have_vector_and_densities_alone(union):
    """Where no word is known, the n-grams are zero, and the densities count in full."""
    text = ["wo ist das"]
    [features] = union.transform(text).toarray()
    ngrams, vector, densities = np.split(features, [-SIMILAR - TINY.dimensions, -SIMILAR])

    assert not ngrams.any()
    assert (vector == TINY.transform(text)[0]).all()
    expected = TINY_NEIGHBOURS.features(TINY.transform(text))[0]
    np.testing.assert_allclose(densities, expected, rtol=1e-5)


def test_texts_of_some_known_words_are_in_between(union, plain):
    """Half of the letters in known words: n-grams and densities count half."""
    text = ["wo steht my ORDER"]
    count = -SIMILAR - TINY.dimensions
    features = union.transform(text).toarray()

    ngrams = plain.transform(text).toarray()[:, : -TINY.dimensions]
    np.testing.assert_allclose(features[:, :count], ngrams / 2, rtol=1e-6)
    densities = TINY_NEIGHBOURS.features(TINY.transform(text))
    np.testing.assert_allclose(features[:, -SIMILAR:], densities / 2, rtol=1e-5)


def test_features_are_the_same_while_fitting(union):
    """A pipeline that fits the union passes on what it transforms later."""
    fitted = clone(union).fit_transform(TEXTS)

    assert (fitted != union.transform(TEXTS)).nnz == 0


def test_each_feature_has_a_name(union):
    """The names are those of the blocks, then those of the neighbours' features."""
    names = union.get_feature_names_out()

    assert len(names) == union.transform(TEXTS).shape[1]
    assert list(dict.fromkeys(name.partition("__")[0] for name in names)) == [
        "word",
        "vectors",
        "neighbours",
    ]


@pytest.mark.parametrize("copied", [clone, lambda union: pickle.loads(pickle.dumps(union))])
def test_copies_count_in_the_same_way(union, copied):
    """scikit-learn can copy the union, and joblib can save it."""
    copy = copied(union)

    assert copy.familiarity == union.familiarity
    assert (copy.neighbours.vectors == TINY_NEIGHBOURS.vectors).all()
