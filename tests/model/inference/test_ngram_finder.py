from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from model.inference.ngram_finder import Analyzer, NgramFinder
from model.inference.ngram_trie import NgramTrie
from model.inference.text_analysis import AnalyzerOptions

OPTIONS = AnalyzerOptions(
    analyzer="char_wb",
    ngram_range=(2, 3),
    lowercase=True,
    strip_accents=None,
    token_pattern="",
    stop_words=(),
    binary=False,
)
NGRAMS = [" a", "a ", "ab", "abc"]


@pytest.fixture
def finder():
    units, trie = NgramTrie.of(NGRAMS)
    finder = NgramFinder()
    finder.add(OPTIONS.normalization, Analyzer(OPTIONS, units, trie, offset=0))
    return finder


def in_text(finder, text):
    return [NGRAMS[column] for column in finder.columns(text).tolist()]


def test_each_ngram_is_returned_as_often_as_it_occurs(finder):
    """Columns are ascending; unknown n-grams are left out."""
    assert in_text(finder, "ABC a xyz") == [" a", " a", "a ", "ab", "abc"]
    assert in_text(finder, "") == []


def test_ngrams_of_a_batch_stand_text_by_text(finder):
    """Each text has the columns that it has alone."""
    texts = ["a", "", "abc a"]
    columns, ends = finder.columns_of(texts)

    found = [part.tolist() for part in np.split(columns, ends)]
    assert found == [*(finder.columns(text).tolist() for text in texts), []]


@pytest.mark.parametrize(
    ("options", "ngrams"),
    [
        pytest.param({"token_pattern": r"(?u)\b\w\w+\b"}, [["ab"], ["ab", "c1"]], id="words"),
        pytest.param({"token_pattern": r"[a-z]+ ?\w1|ab"}, [["ab"], ["ab c1"]], id="pattern"),
        pytest.param({"analyzer": "char"}, [["b"], ["b", " "]], id="characters"),
    ],
)
def test_ngrams_may_cross_spaces(options, ngrams):
    """Alone as in a batch, but none contains the end of one text and the start of the next."""
    units, trie = NgramTrie.of(ngrams)
    chosen = replace(OPTIONS, **{"analyzer": "word", "ngram_range": (1, 2)} | options)
    finder = NgramFinder()
    finder.add(OPTIONS.normalization, Analyzer(chosen, units, trie, offset=5))

    columns, ends = finder.columns_of(["ab", "c1 ab c1", ""])
    first, second, third, _ = np.split(columns, ends)

    assert {5, 6} <= {*finder.columns("ab c1 ab").tolist()}
    assert first.tolist() == finder.columns("ab").tolist() == [5]
    assert second.tolist() == finder.columns("c1 ab c1").tolist()
    assert third.tolist() == []


@pytest.mark.parametrize("size", [1, 2, 3])
def test_words_that_left_the_cache_are_found_again(finder, monkeypatch, size):
    """The size of the cache changes no result."""
    monkeypatch.setattr("model.inference.word_cache.MAX_WORDS", size)
    texts = ["a ab abc", "abc", "ab a", "a ab abc"]

    found = [in_text(finder, text) for text in texts]

    assert found == [
        [" a", " a", " a", "a ", "ab", "ab", "abc"],
        [" a", "ab", "abc"],
        [" a", " a", "a ", "ab"],
        [" a", " a", " a", "a ", "ab", "ab", "abc"],
    ]


def test_long_words_are_found_again(finder):
    """A word that is too long for the cache has the same n-grams each time."""
    word = "ab" + "x" * 40

    assert in_text(finder, word) == in_text(finder, word) == [" a", "ab"]
