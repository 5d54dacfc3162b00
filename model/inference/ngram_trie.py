"""Look up many n-grams at once, without making a string of each.

An n-gram is a known n-gram or a single unit (a word, a character), and one more unit. So it is
known by two numbers, and all the places of many texts are looked up, size by size, by array
operations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class NgramTrie:
    """N-grams, each with a column if it is one of the vocabulary's.

    Units have the numbers from 0. The next number stands for all that is not known, the ones after
    it for longer n-grams in the order of their keys. A key is (the number of all but the last unit)
    x (how many units there are + 1) + (the last unit).

    Attributes:
        keys: of the n-grams of two units and more, ascending, shape (n-grams,).
        columns: by number, from 1; 0 for what has none, shape (units + 1 + n-grams,).
    """

    keys: NDArray[Any]
    columns: NDArray[Any]

    @classmethod
    def of(cls, sequences: Sequence[Sequence[str]]) -> tuple[list[str], Self]:
        """Give the units, in the order of their numbers, and the n-grams.

        Args:
            sequences: one or more units each; the place of each is its column.
        """
        units = sorted({unit for sequence in sequences for unit in sequence})
        numbers: dict[tuple[str, ...], int] = {(unit,): n for n, unit in enumerate(units)}
        base = len(units) + 1
        keys: list[int] = []
        for size in range(2, max(map(len, sequences), default=1) + 1):
            beginnings = {tuple(each[:size]) for each in sequences if len(each) >= size}
            by_key = {numbers[each[:-1]] * base + numbers[each[-1:]]: each for each in beginnings}
            for key in sorted(by_key):
                numbers[by_key[key]] = base + len(keys)
                keys.append(key)
        columns = np.zeros(base + len(keys), np.min_scalar_type(len(sequences)))
        columns[[numbers[tuple(each)] for each in sequences]] = np.arange(1, len(sequences) + 1)
        return units, cls(np.array(keys, np.min_scalar_type(max(keys, default=0))), columns)

    @property
    def unknown(self) -> int:
        """The number of all units that are not known; no n-gram reaches across one."""
        return len(self.columns) - len(self.keys) - 1

    def check(self, unit_count: int, column_count: int) -> None:
        """Check that all parts fit together.

        Raises:
            ValueError: they don't.
        """
        used = np.sort(self.columns[self.columns != 0])
        keys, base = self.keys.astype(np.int64), self.unknown + 1
        beginnings, last = np.divmod(keys, max(base, 1))
        if (
            self.unknown != unit_count
            or self.columns[unit_count]
            or not np.array_equal(used, np.arange(1, column_count + 1))
            or (np.diff(keys) <= 0).any()
            or (beginnings >= np.arange(base, base + len(keys))).any()
            or ((beginnings == unit_count) | (last == unit_count)).any()
        ):
            raise ValueError("n-grams do not fit the vocabulary")

    def sequences(self, units: Sequence[str]) -> list[tuple[str, ...]]:
        """Give the sequence of each column, as ``of`` took them."""
        every: list[tuple[str, ...]] = [*((unit,) for unit in units), ()]
        for key in self.keys.tolist():
            beginning, last = divmod(key, self.unknown + 1)
            every.append((*every[beginning], units[last]))
        [with_column] = self.columns.nonzero()
        in_order = with_column[self.columns[with_column].argsort()]
        return [every[number] for number in in_order.tolist()]


class NgramTrieLookup:
    """Finds n-grams by the numbers of their units."""

    def __init__(self, phrases: NgramTrie, *, offset: int) -> None:
        """Take the n-grams, and the column that is the first of all."""
        self.unknown = phrases.unknown
        self._base = phrases.unknown + 1
        # The last one is never met: it spares a check of what lies beyond the end.
        self._keys = np.append(phrases.keys.astype(np.int64), np.iinfo(np.int64).max)
        columns = phrases.columns.astype(np.int32) + np.int32(offset - 1)
        columns[phrases.columns == 0] = -1
        self._columns, self._longer_columns = (
            columns,
            np.append(columns[self._base :], np.int32(-1)),
        )

    def columns_of(
        self, units: NDArray[np.int64], least: int, most: int
    ) -> Iterator[NDArray[np.int32]]:
        """Give, for one size after the other, the column of the n-gram at each place.

        Args:
            units: the numbers of successive units, shape (places,).
            least: the smallest size.
            most: the largest.

        Returns:
            For each size the columns, shape (places - size + 1,); -1 for those that have none.
        """
        numbers = units
        most = min(most, len(units))
        if least == 1 and most:
            yield self._columns.take(units)
        for size in range(2, most + 1):
            keys = numbers[:-1] * self._base
            keys += units[size - 1 :]
            places = self._keys.searchsorted(keys)
            is_unknown = self._keys.take(places) != keys
            if size >= least:
                columns = self._longer_columns.take(places)
                columns[is_unknown] = -1
                yield columns
            if size < most:
                numbers = places + self._base
                numbers[is_unknown] = self.unknown
