"""A trie of n-grams in sorted arrays, and the lookup of many n-grams by array operations.

An n-gram is its prefix, which is a shorter n-gram or a single unit (a word, a character), and one
more unit. Two numbers identify it, so that no string is built for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class NgramTrie:
    """N-grams, some of which have a column.

    Units are numbered from 0. The next number is that of all unknown units; longer n-grams follow
    in the order of their keys. A key is (prefix number) x (number of units + 1) + (last unit).

    Attributes:
        keys: ascending keys of the n-grams of two and more units, shape (n-grams,).
        columns: column + 1 by number, or 0 without a column, shape (units + 1 + n-grams,).
    """

    keys: NDArray[Any]
    columns: NDArray[Any]

    @classmethod
    def of(cls, sequences: Sequence[Sequence[str]]) -> tuple[list[str], Self]:
        """Return the units, in the order of their numbers, and the trie.

        Args:
            sequences: the units of each n-gram, in the order of columns.
        """
        units = sorted({unit for sequence in sequences for unit in sequence})
        numbers: dict[tuple[str, ...], int] = {(unit,): n for n, unit in enumerate(units)}
        base = len(units) + 1
        keys: list[int] = []
        for size in range(2, max(map(len, sequences), default=1) + 1):
            prefixes = {tuple(each[:size]) for each in sequences if len(each) >= size}
            by_key = {numbers[each[:-1]] * base + numbers[each[-1:]]: each for each in prefixes}
            for key in sorted(by_key):
                numbers[by_key[key]] = base + len(keys)
                keys.append(key)
        columns = np.zeros(base + len(keys), np.min_scalar_type(len(sequences)))
        columns[[numbers[tuple(each)] for each in sequences]] = np.arange(1, len(sequences) + 1)
        return units, cls(np.array(keys, np.min_scalar_type(max(keys, default=0))), columns)

    @property
    def unknown(self) -> int:
        """The number of all unknown units; no n-gram contains it."""
        return len(self.columns) - len(self.keys) - 1

    def check(self, unit_count: int, column_count: int) -> None:
        """Raise ValueError if the arrays contradict each other or the numbers."""
        keys, base = self.keys.astype(np.int64), max(self.unknown + 1, 1)
        prefixes = keys // base
        last = keys - prefixes * base
        if (
            self.unknown != unit_count
            or self.columns[unit_count]
            or not self._has_each_column_once(column_count)
            or (np.diff(keys) <= 0).any()
            or (prefixes >= np.arange(base, base + len(keys))).any()
            or ((prefixes == unit_count) | (last == unit_count)).any()
        ):
            raise ValueError("n-grams do not fit the vocabulary")

    def _has_each_column_once(self, count: int) -> bool:
        # Compared first: bincount takes as much memory as the largest number says.
        if not int(self.columns.max(initial=0)) == count < len(self.columns):
            return False
        return bool((np.bincount(self.columns)[1:] == 1).all())

    def sequences(self, units: Sequence[str]) -> list[tuple[str, ...]]:
        """Return the units of each n-gram with a column, in the order of columns."""
        every: list[tuple[str, ...]] = [*((unit,) for unit in units), ()]
        for key in self.keys.tolist():
            prefix, last = divmod(key, self.unknown + 1)
            every.append((*every[prefix], units[last]))
        [with_column] = self.columns.nonzero()
        in_order = with_column[self.columns[with_column].argsort()]
        return [every[number] for number in in_order.tolist()]


class NgramTrieLookup:
    """Looks up the columns of n-grams by the numbers of their units."""

    def __init__(self, trie: NgramTrie, *, offset: int) -> None:
        """Prepare the lookup; ``offset`` is added to all columns."""
        self.unknown = trie.unknown
        self._base = trie.unknown + 1
        # A sentinel: searchsorted never returns a position beyond the end.
        self._keys = np.append(trie.keys.astype(np.int64), np.iinfo(np.int64).max)
        columns = np.append(trie.columns.astype(np.int32) + np.int32(offset - 1), np.int32(-1))
        columns[:-1][trie.columns == 0] = -1
        self._columns, self._longer_columns = columns, columns[self._base :]

    def columns_of(
        self, units: NDArray[np.int64], min_size: int, max_size: int
    ) -> Iterator[NDArray[np.int32]]:
        """Yield the columns of the n-grams at all positions, for each size in ascending order.

        Args:
            units: the numbers of successive units, shape (positions,).
            min_size: the smallest number of units of an n-gram.
            max_size: the largest.

        Yields:
            Columns, shape (positions - size + 1,); -1 for n-grams without a column.
        """
        numbers = units
        max_size = min(max_size, len(units))
        if min_size == 1 and max_size:
            yield self._columns.take(units)
        for size in range(2, max_size + 1):
            keys = numbers[:-1] * self._base
            keys += units[size - 1 :]
            positions = self._keys.searchsorted(keys)
            is_unknown = self._keys.take(positions) != keys
            if size >= min_size:
                columns = self._longer_columns.take(positions)
                columns[is_unknown] = -1
                yield columns
            if size < max_size:
                numbers = positions + self._base
                numbers[is_unknown] = self.unknown
