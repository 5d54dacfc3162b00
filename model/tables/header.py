"""Find out whether the first row of a table is its header."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from statistics import median

from model.tables.columns import (
    INTENT,
    PAIR,
    TEXT,
    has_column,
    is_header,
    names_among,
    order_without_header,
    usual_column,
)

SAMPLE_ROWS = 1000
MIN_ROWS_BELOW = 10
MAX_ROWS_ABOVE = 10
MAX_SHARE_OF_NEW_LABELS = 0.05


@dataclass(frozen=True, slots=True)
class HeaderRules:
    """How to find a table's header.

    Attributes:
        wanted: names or numbers of the columns that are asked for.
        max_width: columns that a table without a header may have, whatever its rows hold.
        has_labels: whether one of two columns holds labels, which can betray an unknown header.
        has_header: whether there is one, where that is known.
    """

    wanted: Sequence[str] = ()
    max_width: int = PAIR
    has_labels: bool = False
    has_header: bool | None = None

    def has_none(self, first: Sequence[str], sample: Sequence[Sequence[str]]) -> bool:
        """Return whether a table has no header: whether its first row is data.

        ``sample`` are the table's first rows.
        """
        if self.has_header is not None:
            return not self.has_header
        names = names_among(self.wanted, len(first))
        if not any(first) or is_header(first, names):
            return False
        below = rows_below(first, sample)
        if len(first) <= self.max_width:
            return not (self.has_labels and _is_unknown_header(first, below))
        are_numbers = bool(self.wanted) and not names
        return are_numbers and _is_like_the_rows(first, below)

    def rows_above(self, rows: Iterable[Sequence[str] | None]) -> int:
        """Return the number of rows above the header: titles and blank rows of a spreadsheet.

        They fill one cell at most, and name no column. It is 0 if no row follows that certainly is
        a header. None stands for a line that is only a part of its row.
        """
        if self.has_header is not None:
            return 0
        for count, row in enumerate(islice(rows, MAX_ROWS_ABOVE + 1)):
            cells = stripped(row or ())
            if row is None or sum(map(bool, cells)) > 1:
                return count if self._is_certain(cells) else 0
            if is_header(cells, self.wanted):
                return 0
        return 0

    def _is_certain(self, cells: Sequence[str]) -> bool:
        """Return whether a row names all columns: those that are wanted, or by usual names."""
        names = names_among(self.wanted, len(cells))
        if names != list(self.wanted):  # by number, which says nothing about names
            return False
        if names and all(has_column(cells, name) for name in names):
            return True
        roles = (TEXT, INTENT) if self.has_labels else (TEXT,)
        return all(usual_column(cells, role) is not None for role in roles)


def rows_below(first: Sequence[str], sample: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return the rows of a sample that have the first row's width.

    Copies of the first row are left out: files that were joined repeat their header.
    """
    rows = (stripped(row) for row in sample if len(row) == len(first))
    return [row for row in rows if row != list(first)]


def stripped(cells: Sequence[str]) -> list[str]:
    """Return cells without spaces around them, and without a byte order mark."""
    return [cell.removeprefix("\ufeff").strip() for cell in cells]


def header_below(line: int) -> str:
    """Return the note on a header that is not in the first line."""
    return f"the header is line {line}; what is above it is left out"


def _is_like_the_rows(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Return whether a cell is one that no header has.

    It occurs again in its column, as a label does, or is a number in a column of numbers.
    """
    columns = ([row[place] for row in below] for place in range(len(first)))
    return any(
        cell in column or (cell.isdecimal() and all(map(str.isdecimal, column)))
        for cell, column in zip(first, columns, strict=True)
        if cell and column
    )


def _is_unknown_header(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Return whether two cells that are no usual names are those of a header.

    The label occurs in no other row, although new labels are rare: the share of rows whose label
    occurs once estimates the probability that one more row has a new label (Good and Turing).
    """
    if len(first) != PAIR or len(below) < MIN_ROWS_BELOW or not all(first):
        return False
    text, intent = order_without_header(below)
    counts = Counter(row[intent] for row in below)
    once = sum(count == 1 for count in counts.values())
    # Names of columns are short.
    is_short = len(first[text]) <= median(len(row[text]) for row in below)
    is_new = first[intent] not in counts
    return is_new and is_short and once <= MAX_SHARE_OF_NEW_LABELS * len(below)
