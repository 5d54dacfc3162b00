from __future__ import annotations

import pytest

from model.inference.word_cache import MAX_LENGTH, WordCache


class Lengths(WordCache[int]):
    """A cache of the lengths of words, which records the words that were computed."""

    def __init__(self) -> None:
        super().__init__()
        self.computed: list[str] = []

    def of(self, words):
        """Return the lengths of at least these words."""
        return self.find(words, self._lengths)

    def _lengths(self, words):
        self.computed += words
        return map(len, words)


@pytest.fixture
def lengths() -> Lengths:
    """An empty cache."""
    return Lengths()


def test_each_word_is_computed_once(lengths):
    """Neither a repetition in a text nor one in a later text is computed again."""
    for words in (["a", "bb", "a"], ["bb", "ccc"]):
        found = lengths.of(words)
        assert [found[word] for word in words] == [len(word) for word in words]
    assert lengths.computed == ["a", "bb", "ccc"]


def test_the_number_of_cached_words_is_bounded(lengths, monkeypatch):
    """A full generation is followed by a new one, and no result changes."""
    monkeypatch.setattr("model.inference.word_cache.MAX_WORDS", 3)
    lengths.of(["a", "bb"])

    assert lengths.of(["ccc", "dd"]) == {"ccc": 3, "dd": 2}
    assert lengths.values == {"ccc": 3, "dd": 2}
    assert len(lengths.of("abcde")) == 5
    assert len(lengths.values) == 3


def test_words_that_are_still_used_stay(lengths, monkeypatch):
    """Of the generation before, a word that is used again is kept, and another one forgotten."""
    monkeypatch.setattr("model.inference.word_cache.MAX_WORDS", 2)
    lengths.of(["often", "once"])

    for new_word in ("ccc", "dd", "e"):
        assert lengths.of(["often", new_word])["often"] == len("often")
    lengths.of(["once"])

    assert lengths.computed == ["often", "once", "ccc", "dd", "e", "once"]


def test_long_words_are_not_cached(lengths):
    """Long words cannot fill the memory."""
    word = "x" * (MAX_LENGTH + 1)

    assert lengths.of([word]) == {word: MAX_LENGTH + 1}
    assert lengths.values == {}


def test_a_full_cache_leaves_what_others_hold(lengths, monkeypatch):
    """The values that another thread is using stay as they were."""
    monkeypatch.setattr("model.inference.word_cache.MAX_WORDS", 2)
    lengths.of(["a", "bb"])
    held = lengths.of(["a", "bb"])

    lengths.of(["ccc"])

    assert held == {"a": 1, "bb": 2}
