from __future__ import annotations

import random

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import FeatureUnion

from model.errors import NoWordsError
from model.learning.augmentation import add_typos
from model.learning.cached_features import CachedFeatures
from model.learning.known_counts import KnownCounts
from model.learning.pipeline import build_features, features_for
from tests.support.small_data import SMALL_DATA
from tests.support.tiny_embedding import TINY, TINY_NEIGHBOURS

TEXTS = [
    *(text for texts in SMALL_DATA.values() for text in texts),
    # Normalization turns these signs into a capital letter, and into a space with an accent.
    "\u210cello, my \u00a8order",
    "\u0391\u03a3 \u03a3 a\u2003  b",
    "!!!",
    "",
]
OTHERS = ["an utterance of another fold", "my order of another fold"]
RANDOM = random.Random(0)
UNKNOWN = [*(add_typos(text, RANDOM, share=1.0) for text in TEXTS), "ünseen wörds", ""]


@pytest.mark.parametrize(
    ("embedding", "neighbours"),
    [
        pytest.param(None, None, id="tfidf"),
        pytest.param(TINY, None, id="static"),
        pytest.param(TINY, TINY_NEIGHBOURS, id="multilingual"),
    ],
)
@pytest.mark.parametrize(
    "counts",
    [
        pytest.param(None, id="counted now"),
        pytest.param(KnownCounts([*OTHERS, *TEXTS], UNKNOWN), id="counted with others"),
    ],
)
def test_features_are_those_of_scikit_learn(embedding, neighbours, counts):
    """Known and unknown texts have the features of the pipeline's own class, bit for bit."""
    union = features_for(TEXTS, embedding, neighbours).fit(TEXTS)

    features = CachedFeatures(features_for(TEXTS, embedding, neighbours), TEXTS, counts=counts)

    for texts in (TEXTS, UNKNOWN):
        expected, found = union.transform(texts), features.transform(texts)
        assert found.dtype == expected.dtype
        assert found.shape == expected.shape
        for name in ("indptr", "indices", "data"):
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_blocks_take_all_words_for_known():
    """Unknown words reduce the n-grams of a text, unless the blocks are asked for."""
    plain = CachedFeatures(build_features(TINY), TEXTS)
    features = CachedFeatures(features_for(TEXTS, TINY, TINY_NEIGHBOURS), TEXTS)
    text = ["wo bleibt das paket"]

    ngrams = slice(0, sum(plain.sizes.values()) - TINY.dimensions)
    assert (features.blocks(text) != plain.transform(text)).nnz == 0
    assert features.transform(text)[:, ngrams].sum() < plain.transform(text)[:, ngrams].sum()


@pytest.mark.parametrize(
    ("max_columns", "min_df"),
    [
        pytest.param(4, 1, id="all fit"),
        pytest.param(3, 2, id="those of one text do not"),
        pytest.param(2, 3, id="those of two texts neither, of which only some would fit"),
    ],
)
def test_rare_n_grams_are_left_out_where_there_are_too_many(max_columns, min_df):
    """The parameters lead scikit-learn to the same columns."""
    texts = ["abcd", "abc", "a"]
    union = FeatureUnion([("word", TfidfVectorizer(analyzer="char"))])

    features = CachedFeatures(union, texts, max_columns=max_columns)

    assert features.parameters == {"word__min_df": min_df}
    assert (
        features.transform(texts) != union.set_params(**features.parameters).fit_transform(texts)
    ).nnz == 0


def test_sizes_are_the_numbers_of_columns():
    """Each block has a number of columns, in the order of the blocks."""
    union = build_features(TINY).fit(TEXTS)

    sizes = CachedFeatures(build_features(TINY), TEXTS).sizes

    assert sizes == {
        name: len(block.get_feature_names_out()) for name, block in union.transformer_list
    }


def test_texts_without_frequent_n_grams_are_refused():
    """No n-gram is in as many texts as the parameters demand: NoWordsError."""
    union = FeatureUnion([("word", TfidfVectorizer(min_df=2))])

    with pytest.raises(NoWordsError):
        CachedFeatures(union, ["one text", "another"])
