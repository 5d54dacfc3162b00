"""Read the column that names the part of the data set that each row belongs to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from model.datasets.collection import TEST, VALIDATION, part_named
from model.datasets.entry import TRAIN, Entry, Example, Note
from model.datasets.formats.table_columns import Columns
from model.errors import ProblemKind
from model.tables.columns import simplify

NAMES = ("split", "partition")
MAX_SHOWN = 40  # characters of a value

UNKNOWN_PARTS = ProblemKind(
    "rows of unknown parts",
    f"write {TRAIN}, {TEST} or {VALIDATION}, or rename the column to train on all rows",
)


@lru_cache  # most records of a file have the same keys
def part_column(names: tuple[str, ...], others: frozenset[str] = frozenset()) -> str | None:
    """Return the name of the column of parts; None without one.

    Args:
        names: of all columns.
        others: those of the texts and the intents.
    """
    found = (name for name in names if simplify(name) in NAMES)
    return next((each for each in found if each not in others and names.count(each) == 1), None)


class RowParts:
    """The column of parts, if a table has one.

    Its first value decides whether it names parts. Rows without a value are trained on: when a
    person adds an utterance to a table, further columns stay empty.

    Attributes:
        name: its name; None without such a column.
        places: its index; empty without such a column.
    """

    def __init__(
        self, path: Path, names: Sequence[str] = (), columns: Columns | None = None
    ) -> None:
        """Find the column among ``names``; it is no column of the texts or the intents."""
        used = (columns.text, columns.intent) if columns and names else ()
        self.name = part_column(tuple(names), frozenset(names[at] for at in used))
        self.places = () if self.name is None else (names.index(self.name),)
        self._path = path
        self._first: str | None = None
        self._is_used = False
        self._counts: Counter[str] = Counter()

    def assign_record(
        self, entry: Entry, record: Mapping[str, Any], others: frozenset[str]
    ) -> Entry:
        """Return the entry of a JSON record as one of the part that one of its keys names."""
        name = part_column(tuple(record), others)
        self.name = self.name or name
        return self.assign(entry, None if name is None else record[name])

    def assign(self, entry: Entry, value: object = None) -> Entry:
        """Return the entry of a row as one of the part that the row's value names."""
        shown = "" if value is None else str(value).strip()
        if self._first is None and shown:
            self._first, self._is_used = shown, part_named(shown) is not None
        if not isinstance(entry, Example):
            return entry
        part = part_named(shown) if shown and self._is_used else TRAIN
        if part is None:
            message = f"{shown!r:.{MAX_SHOWN}} in the column {self.name} names no part"
            return entry.problem(message, UNKNOWN_PARTS)
        self._counts[part] += 1
        return entry if part == TRAIN else replace(entry, part=part)

    def notes(self) -> Iterator[Note]:
        """Yield the note on the column, after all rows."""
        if self._first is None:
            return
        if self._is_used:
            counts = ", ".join(f"{count:,} {_shown(part)}" for part, count in self._counts.items())
            message = (
                f"names the part of each row: {counts}; rename the column to train on all rows"
            )
        else:
            message = (
                f"is not used: its first value, {self._first!r:.{MAX_SHOWN}}, is none of {TRAIN}, "
                f"{TEST} and {VALIDATION}"
            )
        yield Note(self._path, 0, f"column {self.name} {message}")


def _shown(part: str) -> str:
    return f"{part} (not trained on)" if part == VALIDATION else part
