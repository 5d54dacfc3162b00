"""Segment texts into pieces by a unigram language model (Kudo 2018), as SentencePiece does.

Only the first character of a piece can be the mark of a word's start, so the most probable
segmentation of a text is that of its words, one after the other: those of words are cached.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from model.inference.ngram_trie import NgramTrie, NgramTrieLookup
from model.inference.word_cache import WordCache

WORD_START = "\N{LOWER ONE EIGHTH BLOCK}"
# SentencePiece's rule nmt_nfkc: NFKC, and these characters are spaces.
SPACES = dict.fromkeys(
    map(ord, "\t\n\f\r\u1680\u200b\u200e\u200f\u2028\u2029\u2581\ufeff\ufffd"), " "
)
# An unknown character is this much less likely than the least likely piece (SentencePiece's rule).
UNKNOWN_PENALTY = 10.0
# Longer runs without a space are cut, which bounds the memory that one word takes.
MAX_RUN = 1024

Pieces = tuple[int, ...]


class UnigramSegmenter:
    """Segments texts into the numbers of pieces; thread-safe."""

    def __init__(
        self,
        characters: str,
        pieces: NgramTrie,
        scores: NDArray[np.float32],
        *,
        unknown_piece: int,
    ) -> None:
        """Prepare the segmentation.

        Args:
            characters: all characters of the pieces, by their number in the trie.
            pieces: the pieces as n-grams of characters; the column of each is its number.
            scores: log probability of each piece, shape (pieces,).
            unknown_piece: the number of the piece that stands for an unknown character.
        """
        self._numbers = dict(zip(characters, range(len(characters)), strict=True))
        self._lookup = NgramTrieLookup(pieces, offset=0)
        self._scores = scores.tolist()
        self._max_length = _longest(pieces)
        self._unknown_piece = unknown_piece
        self._unknown_score = min(self._scores) - UNKNOWN_PENALTY
        self._cache: WordCache[Pieces] = WordCache()

    def __call__(self, text: str) -> list[int]:
        """Return the numbers of a text's pieces; the unknown piece alone for an empty text."""
        words = words_of(text)
        found = self._cache.find(words, self._segmented)
        return list(chain.from_iterable(found[word] for word in words)) or [self._unknown_piece]

    def _segmented(self, words: Sequence[str]) -> Iterable[Pieces]:
        # One look-up serves all words: an unknown character between them ends every piece.
        joined = "\0".join(words)
        get, unknown = self._numbers.get, self._lookup.unknown
        units = np.array([get(character, unknown) for character in joined], np.int64)
        starting: list[list[tuple[int, int]]] = [[] for _ in joined]
        sizes = self._lookup.columns_of(units, 1, self._max_length)
        for size, columns in enumerate(sizes, start=1):
            [places] = (columns >= 0).nonzero()
            for place, piece in zip(places.tolist(), columns.take(places).tolist(), strict=True):
                starting[place].append((size, piece))
        ends = np.cumsum([len(word) + 1 for word in words]).tolist()
        for start, end in pairwise([0, *ends]):
            yield self._most_probable(starting[start : end - 1])

    def _most_probable(self, starting: Sequence[Sequence[tuple[int, int]]]) -> Pieces:
        """Return the best path over a word (Viterbi 1967): `starting` has the pieces by place."""
        best = [0.0] + [-np.inf] * len(starting)
        arriving: list[tuple[int, int]] = [(0, 0)] * len(best)
        for place, candidates in enumerate(starting):
            so_far = best[place]
            for size, piece in candidates:
                score = so_far + self._scores[piece]
                if score > best[place + size]:
                    best[place + size], arriving[place + size] = score, (place, piece)
            if not candidates or candidates[0][0] > 1:
                score = so_far + self._unknown_score
                if score > best[place + 1]:
                    best[place + 1], arriving[place + 1] = score, (place, self._unknown_piece)
        path = []
        place = len(starting)
        while place:
            place, piece = arriving[place]
            path.append(piece)
        return tuple(reversed(path))


def words_of(text: str) -> list[str]:
    """Return a text's words as they are segmented: normalised, each with the mark of its start."""
    normalized = unicodedata.normalize("NFKC", text.translate(SPACES)).translate(SPACES)
    words = [WORD_START + word for word in normalized.split(" ") if word]
    return [word[at : at + MAX_RUN] for word in words for at in range(0, len(word), MAX_RUN)]


def _longest(pieces: NgramTrie) -> int:
    """Return the length of the longest piece: how often a key refers to a shorter one."""
    base = pieces.unknown + 1
    beginnings = pieces.keys.astype(np.int64) // base
    length, numbers = 1, beginnings
    while len(numbers):
        length += 1
        longer = numbers[numbers >= base]
        numbers = beginnings[longer - base]
    return length
