"""The density of each label's training vectors around a text's vector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from model.inference.static_embedding import TextEmbedding

SIMILAR = "(similar utterances)"
VECTORS, COUNTS, NEIGHBOUR_WEIGHTS = (
    f"neighbours.{part}" for part in ("vectors", "counts", "weights")
)
# Of the von Mises-Fisher kernel; chosen on sentences in languages without training data.
CONCENTRATION = 20.0
MIN_DENSITY = 1e-30
MAX_TEXTS_AT_ONCE, MAX_VECTORS_AT_ONCE = 64, 1024


class Neighbours:
    """Training vectors, in the order of their labels.

    Attributes:
        vectors: shape (vectors, dimensions), 8-bit; their lengths have no meaning.
        counts: the number of vectors of each label, at least one: shape (labels,).
    """

    def __init__(self, vectors: NDArray[np.int8], counts: NDArray[np.intp]) -> None:
        """Take the vectors.

        Raises:
            ValueError: vectors and counts do not fit together.
        """
        if vectors.ndim != 2 or counts.min(initial=1) < 1 or counts.sum() != len(vectors):  # noqa: PLR2004
            raise ValueError("vectors and counts do not fit together")
        self.vectors, self.counts = vectors, counts
        self._starts = np.cumsum(counts) - counts
        squares = np.square(vectors, dtype=np.float32).sum(axis=1)
        self._factors = np.float32(CONCENTRATION) / np.sqrt(np.maximum(squares, 1.0))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.vectors, self.counts)

    def log_densities(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the logarithm of each label's density, less the mean of all labels.

        Args:
            vectors: shape (texts, dimensions), each of length one.

        Returns:
            Shape (texts, labels).
        """
        logs = np.empty((len(vectors), len(self.counts)))
        for start in range(0, len(vectors), MAX_TEXTS_AT_ONCE):
            part = slice(start, start + MAX_TEXTS_AT_ONCE)
            kernels = np.exp(self._similarities(vectors[part]) - np.float32(CONCENTRATION))
            densities = np.add.reduceat(kernels, self._starts, axis=1) / self.counts
            logs[part] = np.log(densities + MIN_DENSITY)
        return np.asarray(logs - logs.mean(axis=1, keepdims=True))

    def features(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the log densities, and a constant that can cancel a classifier's intercepts.

        The intercepts belong to the n-grams. Where a text's n-grams are multiplied by f, these
        features are multiplied by 1 - f: with the negative intercepts as the weights of the
        constant, the intercepts are multiplied by f as well.

        Args:
            vectors: shape (texts, dimensions), each of length one.

        Returns:
            Shape (texts, ``feature_count``); the last column is 1.
        """
        return np.pad(self.log_densities(vectors), ((0, 0), (0, 1)), constant_values=1.0)

    @property
    def feature_count(self) -> int:
        """The number of columns of ``features``."""
        return len(self.counts) + 1

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays of ``from_arrays``."""
        return {VECTORS: self.vectors, COUNTS: self.counts.astype(np.uint32)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self | None:
        """Build the neighbours from arrays of ``to_arrays``, or return None without them.

        Raises:
            KeyError, ValueError: the arrays do not fit together.
        """
        if VECTORS not in arrays:
            return None
        return cls(arrays[VECTORS], arrays[COUNTS].astype(np.intp))

    def _similarities(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the cosines, multiplied by the concentration: shape (texts, vectors)."""
        products = np.empty((len(vectors), len(self.vectors)), np.float32)
        for start in range(0, len(self.vectors), MAX_VECTORS_AT_ONCE):
            part = slice(start, start + MAX_VECTORS_AT_ONCE)
            products[:, part] = vectors @ self.vectors[part].T.astype(np.float32)
        products *= self._factors
        return products


class NeighbourWeights:
    """Neighbours, and the classifier's weights of their features."""

    def __init__(
        self,
        embedding: TextEmbedding,
        neighbours: Neighbours,
        weights: NDArray[np.float32],
        *,
        label_count: int,
    ) -> None:
        """Take the weights, shape (features, labels).

        Raises:
            ValueError: the parts do not fit together.
        """
        shapes = neighbours.vectors.shape[1], weights.shape
        if shapes != (embedding.dimensions, (neighbours.feature_count, label_count)):
            raise ValueError("neighbours fit neither the vectors nor the labels")
        self._embedding, self._neighbours, self._weights = embedding, neighbours, weights

    def scores(self, texts: Sequence[str], factors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the texts' scores times a factor each, shape (texts, labels).

        The features of texts whose factor is zero are not computed.
        """
        scores = np.zeros((len(texts), self._weights.shape[1]))
        rows = factors.nonzero()[0].tolist()
        if rows:
            vectors = self._embedding.transform([texts[row] for row in rows])
            features = self._neighbours.features(vectors)
            scores[rows] = factors[rows, np.newaxis] * features @ self._weights
        return scores
