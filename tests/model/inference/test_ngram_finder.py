from __future__ import annotations

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
    units, phrases = NgramTrie.of(NGRAMS)
    finder = NgramFinder()
    finder.add(OPTIONS.normalization, Analyzer(OPTIONS, units, phrases, offset=0))
    return finder


def in_text(finder, text):
    return [NGRAMS[column] for column in finder.columns(text).tolist()]


def test_each_ngram_is_given_as_often_as_it_occurs(finder):
    """Columns come in order; what is not known is left out."""
    assert in_text(finder, "ABC a xyz") == [" a", " a", "a ", "ab", "abc"]
    assert in_text(finder, "") == []


def test_texts_are_recognised(finder):
    """Each n-gram comes with the number of its text."""
    columns, owners = finder.columns_of(["a", "", "abc a"])

    found = sorted(zip(owners.tolist(), [NGRAMS[column] for column in columns], strict=True))
    assert found == [(0, " a"), (0, "a "), (2, " a"), (2, " a"), (2, "a "), (2, "ab"), (2, "abc")]


@pytest.mark.parametrize("most", [1, 2, 3])
def test_forgotten_words_are_found_again(finder, monkeypatch, most):
    """However few words are remembered, the answers stay the same."""
    monkeypatch.setattr("model.inference.ngram_finder.MAX_REMEMBERED_WORDS", most)
    texts = ["a ab abc", "abc", "ab a", "a ab abc"]

    answers = [in_text(finder, text) for text in texts]

    [group] = finder._groups.values()
    assert len(group.words._remembered) <= most
    assert answers == [
        [" a", " a", " a", "a ", "ab", "ab", "abc"],
        [" a", "ab", "abc"],
        [" a", " a", "a ", "ab"],
        [" a", " a", " a", "a ", "ab", "ab", "abc"],
    ]


def test_long_words_are_not_remembered(finder):
    """A sender of long words can't fill the memory."""
    word = "ab" + "x" * 40

    assert in_text(finder, word) == in_text(finder, word) == [" a", "ab"]
    [group] = finder._groups.values()
    assert not group.words._remembered
