"""Static word vectors: a text's vector consists of normalized sums of its words' vectors.

All words count the same in the first sum. In the second one, if there is any, earlier words count
more: the first words tell a question from a request.

A word's vector is the sum of its pieces' vectors. Pieces are found by byte-pair encoding (Sennrich
et al. 2016) in SentencePiece's order: the neighbours whose merged piece has the lowest number are
merged first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain, pairwise
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from model.inference.text_analysis import Normalization
from model.inference.weights import Floats, padded

WORD_START = "\N{LOWER ONE EIGHTH BLOCK}"
PIECES, VECTORS, SCALES, SUMS, WEIGHTS = (
    f"static.{name}" for name in ("pieces", "vectors", "scales", "sums", "weights")
)
# Of files of earlier versions: a vector is one sum, in which all words count the same.
ONE_SUM = np.ones((1, 2), np.float32)
DIGEST = "sentence.digest"  # instead of the arrays above, where a sentence encoder is a file
NORMALIZE = Normalization(lowercase=True, strip_accents="unicode")
CACHED_WORDS = 8192
# Merging takes quadratic time, so that longer words are split first.
MAX_RUN = 32
# The number of pieces summed at once, which bounds the memory for a long text.
MAX_AT_ONCE = 4096
# All words after this place count as much as the one in it: further powers of a decay could become
# too small for a float.
LAST_PLACE = 64


class TextEmbedding(Protocol):
    """Turns texts into vectors, the features after the n-grams."""

    @property
    def dimensions(self) -> int:
        """The length of a vector."""

    @property
    def is_multilingual(self) -> bool:
        """Return whether texts of one meaning have similar vectors in many languages."""

    def is_word(self, word: str) -> bool:
        """Return whether a word is known as a whole."""

    def transform(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the texts' vectors, shape (texts, dimensions)."""

    def contributions(self, text: str, weights: Floats) -> list[tuple[str, float]]:
        """Return what each named part of a text contributes to a score."""

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays that a compiled model stores of the embedding."""


class Embedding:
    """A table of pieces and their vectors; thread-safe.

    Attributes:
        pieces: in the order of merging; the first piece of a word begins with ``▁``.
        vectors: shape (pieces, dimensions), 8-bit, in units of the piece's scale.
        scales: shape (pieces,).
        sums: of which a text's vector consists, shape (sums, 2): the weight of each, and how much a
            word counts in it compared to the word before; above 0, at most 1.
    """

    is_multilingual = False

    def __init__(
        self,
        pieces: Sequence[str],
        vectors: NDArray[np.int8],
        scales: NDArray[np.float32],
        sums: NDArray[np.float32] = ONE_SUM,
    ) -> None:
        """Store the table.

        Raises:
            ValueError: the arrays do not fit together, or the sums have other numbers.
        """
        if vectors.ndim != 2 or not len(pieces) == len(vectors) == len(scales):  # noqa: PLR2004
            raise ValueError("pieces, vectors and scales do not fit together")
        if sums.shape[1:] != (2,) or not sums.size or not ((sums > 0) & (sums <= 1)).all():
            raise ValueError("sums have no weights and decays")
        self.pieces, self.vectors, self.scales, self.sums = tuple(pieces), vectors, scales, sums
        self._sum_weights = sums[:, 0] / np.linalg.norm(sums[:, 0])
        # How much a word counts in each sum, by its place in the text.
        self._shares = sums[:, 1:] ** np.arange(LAST_PLACE + 1)
        self._numbers = {piece: number for number, piece in enumerate(self.pieces)}
        self._cached_numbers_of = lru_cache(maxsize=CACHED_WORDS)(self._numbers_of)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.pieces, self.vectors, self.scales, self.sums)

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return len(self.sums) * int(self.vectors.shape[1])

    def is_word(self, word: str) -> bool:
        """Return whether a word is one piece."""
        return any(WORD_START + each in self._numbers for each in words_of(word))

    def transform(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the texts' vectors, shape (texts, dimensions).

        A vector has length 1, or 0 if no piece of the text is known.
        """
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        for row, text in enumerate(texts):
            sums = self._sums_of(words_of(text))
            vectors[row] = (sums * self._factors(sums)).ravel()
        return vectors

    def contributions(self, text: str, weights: Floats) -> list[tuple[str, float]]:
        """Return the words, in order, with their contributions to the dot product with `weights`.

        Args:
            text: of any length.
            weights: shape (dimensions,).
        """
        words = words_of(text)
        scaled = weights.reshape(len(self.sums), -1) * self._factors(self._sums_of(words))
        shares = self._shares.take(np.arange(len(words)), axis=1, mode="clip")
        return [
            (word, float(shares[:, place] @ (self._sums_of([word]) * scaled).sum(axis=1)))
            for place, word in enumerate(words)
        ]

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the table as arrays, for ``from_arrays``."""
        return {
            PIECES: np.frombuffer("\n".join(self.pieces).encode(), np.uint8),
            VECTORS: self.vectors,
            SCALES: self.scales,
            SUMS: self.sums,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build an embedding from arrays of ``to_arrays``.

        Raises:
            KeyError: an array is missing.
            ValueError: the arrays contradict each other.
        """
        pieces = str(arrays[PIECES].data, "utf-8").split("\n")
        return cls(pieces, arrays[VECTORS], arrays[SCALES], arrays.get(SUMS, ONE_SUM))

    def _sums_of(self, words: Sequence[str]) -> NDArray[np.float32]:
        """Return the sums of the words' vectors, shape (sums, dimensions of a word's vector)."""
        of_words = [self._numbers_in_word(word) for word in words]
        numbers = np.array([*chain.from_iterable(of_words)], int)
        places = np.arange(len(words)).repeat([*map(len, of_words)])
        shares = self._shares.take(places, axis=1, mode="clip")
        sums = np.zeros((len(self.sums), self.vectors.shape[1]), np.float32)
        for start in range(0, len(numbers), MAX_AT_ONCE):
            batch = slice(start, start + MAX_AT_ONCE)
            factors = shares[:, batch] * self.scales.take(numbers[batch])
            vectors = self.vectors.take(numbers[batch], 0).astype(np.float32)
            sums += factors.astype(np.float32) @ vectors
        return sums

    def _factors(self, sums: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the factor that gives each sum the length of its weight."""
        lengths = np.sqrt(np.einsum("sd,sd->s", sums, sums))
        factors: NDArray[np.float32] = self._sum_weights / (lengths + (lengths == 0))
        return factors[:, np.newaxis]

    def _numbers_in_word(self, word: str) -> tuple[int, ...]:
        if len(word) < MAX_RUN:
            return self._cached_numbers_of(WORD_START + word)
        marked = WORD_START + word
        runs = range(0, len(marked), MAX_RUN)
        parts = (self._cached_numbers_of(marked[at : at + MAX_RUN]) for at in runs)
        return tuple(chain.from_iterable(parts))

    def _numbers_of(self, run: str) -> tuple[int, ...]:
        """Return the numbers of a run's known pieces, none for a lone word mark."""
        pieces = [run] if run in self._numbers else self._merged(run)
        known = [piece for piece in pieces if piece in self._numbers]
        return tuple(self._numbers[piece] for piece in known) if known != [WORD_START] else ()

    def _merged(self, run: str) -> list[str]:
        pieces, unknown = list(run), len(self._numbers)
        while True:
            ranks = [self._numbers.get(left + right, unknown) for left, right in pairwise(pieces)]
            lowest = min(ranks, default=unknown)
            if lowest == unknown:
                return pieces
            place = ranks.index(lowest)
            pieces[place : place + 2] = [self.pieces[lowest]]


class EmbeddingWeights:
    """An embedding and the classifier's weights of its dimensions."""

    def __init__(
        self, embedding: TextEmbedding, weights: NDArray[np.float32], *, label_count: int
    ) -> None:
        """Store the weights, shape (dimensions, padded labels).

        Raises:
            ValueError: they have another shape.
        """
        if weights.shape != (embedding.dimensions, padded(label_count)):
            raise ValueError("weights do not fit the vectors")
        self.embedding, self._label_count = embedding, label_count
        self._weights = weights.astype(np.float64)

    def scores(self, texts: Sequence[str]) -> Floats:
        """Return the texts' scores, shape (texts, labels)."""
        scores: Floats = self.embedding.transform(texts) @ self._weights
        return scores[:, : self._label_count]

    def contributions(self, text: str, label_index: int) -> list[tuple[str, float]]:
        """Return each word's contribution to a label's score."""
        return self.embedding.contributions(text, self._weights[:, label_index])


def to_arrays(embedding: TextEmbedding, coefficients: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Return arrays of an embedding and its coefficients, shape (labels, dimensions)."""
    padding = padded(len(coefficients)) - len(coefficients)
    return {
        **embedding.to_arrays(),
        WEIGHTS: np.pad(coefficients.T, ((0, 0), (0, padding))).astype(np.float32),
    }


def words_of(text: str) -> list[str]:
    """Return a text's words in lower case, without accents."""
    return NORMALIZE(text).split()
