from __future__ import annotations

import pickle
from unittest.mock import Mock

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from model.learning.known_counts import KnownCounts

FITTED = ["where is my parcel", "My parcel\u2003is late", "parcel", "parcel"]
OTHERS = ["whre is my parcl", "", "Ünseen"]
WORDS = TfidfVectorizer(ngram_range=(1, 2), dtype=np.float32)
CHARACTERS = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), strip_accents="unicode")


@pytest.fixture(params=[WORDS, CHARACTERS], ids=["words", "characters"])
def vectorizer(request):
    return request.param


@pytest.mark.parametrize(
    "texts",
    [
        pytest.param(FITTED, id="fitted"),
        pytest.param([*OTHERS, FITTED[1], *OTHERS], id="others"),
        pytest.param(["where was it", *FITTED], id="unknown"),
        pytest.param([], id="none"),
    ],
)
def test_counts_are_those_of_the_analyzer(vectorizer, texts):
    """Each text's n-grams are counted that occur in a fitted text, known to it or not."""
    counts = KnownCounts(FITTED, OTHERS).of(vectorizer)
    analyze = vectorizer.build_analyzer()

    found = counts.transform(texts)

    assert list(counts.columns) == sorted({ngram for text in FITTED for ngram in analyze(text)})
    assert found.dtype == vectorizer.dtype
    assert found.toarray().tolist() == [
        [analyze(text).count(ngram) for ngram in counts.columns] for text in texts
    ]


def test_each_text_is_analyzed_once(monkeypatch):
    """Known texts are counted once, for all vectorizers that differ in other settings only."""
    counts = KnownCounts(FITTED, OTHERS)
    first = counts.of(WORDS)
    monkeypatch.setattr(TfidfVectorizer, "build_analyzer", Mock(side_effect=AssertionError))
    monkeypatch.setattr(first, "_count", Mock(side_effect=AssertionError))

    second = counts.of(TfidfVectorizer(ngram_range=(1, 2), min_df=2, use_idf=False))

    assert second is first
    assert second.transform([*FITTED, *OTHERS]).shape == (
        len(FITTED) + len(OTHERS),
        len(first.columns),
    )


def test_other_processes_know_the_counts(vectorizer):
    """Counts are the same after pickling."""
    counts = KnownCounts(FITTED, OTHERS)
    expected = counts.of(vectorizer).transform(OTHERS)

    found = pickle.loads(pickle.dumps(counts)).of(vectorizer).transform(OTHERS)

    assert (found != expected).nnz == 0
