"""Static vectors of a few pieces, for quick tests."""

from __future__ import annotations

import string
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.inference.encoders.encoder_file import SentenceEncoder
from model.inference.neighbours import Neighbours
from model.inference.static_embedding import WORD_START, Embedding

MERGED = ("er", "ord", "order", "or", "pa", "rcel", "▁pa", "▁parcel", "▁order", "pass", "▁my", "re")
PIECES = (WORD_START, *string.ascii_lowercase, *MERGED)
_random = np.random.default_rng(0)

TINY = Embedding(
    PIECES,
    _random.integers(-127, 128, (len(PIECES), 8)).astype(np.int8),
    _random.uniform(0.001, 0.01, len(PIECES)).astype(np.float32),
)


class TinyEncoder:
    """The same vectors, as a sentence encoder."""

    dimensions = TINY.dimensions
    is_multilingual = True
    cosine_weight = 20.0

    def is_word(self, word: str) -> bool:
        """Return whether a word is one piece."""
        return TINY.is_word(word)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the texts' vectors."""
        return TINY.transform(texts)

    def work(self, texts: Sequence[str]) -> int:
        """Return 1 for each text."""
        return len(texts)


TINY_SENTENCES = SentenceEncoder(TinyEncoder(), digest="ab" * 32)
TINY_NEIGHBOURS = Neighbours(
    _random.integers(-127, 128, (5, 8)).astype(np.int8), np.array([2, 1, 2])
)
