"""The classifier's weights of n-grams, as a table or as a list of the non-zero ones."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.signedinteger[Any]]

# A table is faster than a list of weights; up to this many bytes it is worth its memory.
MAX_TABLE_BYTES = 32 * 1024 * 1024
# BLAS rounds labels outside of a full register differently, so that of two labels with equal scores
# the second might win. Rows are padded to a multiple of this.
PADDING = 16
# Utterances whose rows of the table are converted at once: few enough for the processor's cache.
BLOCK_UTTERANCES = 8


def padded(label_count: int) -> int:
    """Return the padded length of a row of ``label_count`` labels."""
    return -(-label_count // PADDING) * PADDING


class DenseWeights:
    """A table of weights, shape (n-grams, padded labels).

    Attributes:
        shape: the numbers of n-grams and labels.
    """

    def __init__(self, table: NDArray[Any], scales: Floats) -> None:
        """Store the table.

        Args:
            table: the weights, each in units of its label's scale.
            scales: shape (labels,).

        Raises:
            ValueError: its rows do not have the padded length.
        """
        if table.shape[1:] != (padded(len(scales)),):
            raise ValueError("weights do not fit the labels")
        self.shape = (len(table), len(scales))
        self._table, self._scales = table, scales
        # Single precision is fast, and exact enough for weights of so few digits.
        self._precision = np.float32 if table.dtype == np.int8 else np.float64

    def scores(self, columns: Integers, values: Floats, ends: Sequence[int]) -> Floats:
        """Return the weighted sums of utterances' n-grams, shape (utterances, labels).

        Args:
            columns: the n-grams of all utterances, one utterance after another.
            values: the value of each n-gram.
            ends: the end of each utterance among the n-grams.
        """
        values = values.astype(self._precision, copy=False)
        sums = np.empty((len(ends), self._table.shape[1]), self._precision)
        bounds = [0, *ends]
        for first in range(0, len(ends), BLOCK_UTTERANCES):
            block = bounds[first : first + BLOCK_UTTERANCES + 1]
            offset = block[0]
            rows = self._table.take(columns[offset : block[-1]], 0)
            rows = rows.astype(self._precision, copy=False)
            for number, (start, end) in enumerate(pairwise(block), first):
                part = rows[start - offset : end - offset]
                np.dot(values[start:end], part, out=sums[number])
        return sums[:, : self.shape[1]] * self._scales

    def of_label(self, columns: Integers, label_index: int) -> Floats:
        """Return the weights of n-grams for one label."""
        weights: Floats = self._table[columns, label_index] * self._scales[label_index]
        return weights


class SparseWeights:
    """The non-zero weights; those of n-gram i begin at ``starts[i]`` and end at ``starts[i + 1]``.

    Attributes:
        shape: the numbers of n-grams and labels.
    """

    def __init__(
        self,
        starts: NDArray[Any],
        labels: NDArray[Any],
        values: NDArray[Any],
        scales: Floats,
    ) -> None:
        """Store the weights and their labels.

        Args:
            starts: see above.
            labels: the label of each weight.
            values: the weights, each in units of its label's scale.
            scales: shape (labels,).

        Raises:
            ValueError: the arrays contradict each other.
        """
        self._starts, self._labels, self._values = starts, labels, values
        self._scales = scales
        self.shape = (len(starts) - 1, len(scales))
        if (
            int(starts[0]) != 0
            or (starts[1:] < starts[:-1]).any()
            or not int(starts[-1]) == len(labels) == len(values)
            or int(labels.max(initial=0)) >= len(scales)
        ):
            raise ValueError("weights do not fit together")

    def table(self) -> DenseWeights | SparseWeights:
        """Return the weights as a table, or unchanged if the table would be too large."""
        ngram_count, label_count = self.shape
        shape = (ngram_count, padded(label_count))
        if prod(shape) * self._values.itemsize > MAX_TABLE_BYTES:
            return self
        table = np.zeros(shape, self._values.dtype)
        # One index for each weight: with a row and a column, the assignment takes twice the time.
        places = np.arange(0, table.size, shape[1]).repeat(np.diff(self._starts))
        places += self._labels
        table.reshape(-1)[places] = self._values
        return DenseWeights(table, self._scales)

    def scores(self, columns: Integers, values: Floats, ends: Sequence[int]) -> Floats:
        """Return the weighted sums of utterances' n-grams, as ``DenseWeights.scores`` does."""
        sums = np.empty((len(ends), self.shape[1]))
        for number, (start, end) in enumerate(pairwise((0, *ends))):
            places, lengths = self._places(columns[start:end])
            terms = self._values[places] * values[start:end].repeat(lengths)
            sums[number] = np.bincount(self._labels[places], terms, self.shape[1])
        return sums * self._scales

    def of_label(self, columns: Integers, label_index: int) -> Floats:
        """Return the weights of n-grams for one label."""
        places, lengths = self._places(columns)
        matching = self._labels[places] == label_index
        owners = np.arange(len(columns)).repeat(lengths)[matching]
        weights = np.bincount(owners, self._values[places[matching]], len(columns))
        scaled: Floats = np.multiply(weights, self._scales[label_index], dtype=np.float64)
        return scaled

    def _places(self, columns: Integers) -> tuple[Integers, Integers]:
        """Return the positions of the n-grams' weights in ``values``, and their numbers."""
        starts = self._starts.take(columns).astype(np.intp)
        lengths = self._starts.take(columns + 1).astype(np.intp) - starts
        ends = lengths.cumsum()
        places: Integers = np.arange(lengths.sum()) + (starts - ends + lengths).repeat(lengths)
        return places, lengths
