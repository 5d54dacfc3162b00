"""Read the columns that name the part of the data set that each row belongs to."""

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

NAMES = (
    *("split", "partition", "set", "subset", "dataset", "datasplit", "datasetsplit"),
    *("traintest", "traintestsplit", "usage", "mluse"),
)
MAX_SHOWN = 40  # characters of a value

UNKNOWN_PARTS = ProblemKind(
    "rows of unknown parts",
    f"write {TRAIN}, {TEST} or {VALIDATION}, or rename the column to train on all rows",
)


@lru_cache  # most records of a file have the same keys
def part_columns(names: tuple[str, ...], others: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Return the names of the columns that may name parts.

    Args:
        names: of all columns.
        others: those of the texts and the intents.
    """
    found = (name for name in names if simplify(name) in NAMES)
    return tuple(each for each in found if each not in others)


def names_by_row(first: Sequence[str]) -> list[str]:
    """Return names for the columns of a table without a header, whose first row may name a part."""
    return [NAMES[0] if part_named(cell) else "" for cell in first]


class RowParts:
    """The columns of parts, if a table has any: those whose first values name parts.

    A row's part is its value in the first of them that has one. Rows without a value are trained
    on: when a person adds an utterance to a table, further columns stay empty.

    Attributes:
        places: the indices of the columns that may be it.
    """

    def __init__(
        self, path: Path, names: Sequence[str] = (), columns: Columns | None = None
    ) -> None:
        """Find the columns among ``names``; none is that of the texts or the intents."""
        used = (columns.text, columns.intent) if columns and names else ()
        self._names = part_columns(tuple(names), frozenset(names[at] for at in used))
        self.places = tuple(map(names.index, self._names))
        self._path = path
        self._first: dict[str, str] = {}
        self._used: list[str] = []
        self._counts: Counter[str] = Counter()

    def assign_record(
        self, entry: Entry, record: Mapping[str, Any], others: frozenset[str]
    ) -> Entry:
        """Return the entry of a JSON record as one of the part that one of its keys names."""
        names = part_columns(tuple(record), others)
        return self._assign(entry, {name: record[name] for name in names})

    def assign(self, entry: Entry, *values: object) -> Entry:
        """Return the entry of a row as one of the part that one of its values names."""
        return self._assign(entry, dict(zip(self._names, values, strict=True)))

    def _assign(self, entry: Entry, values: Mapping[str, object]) -> Entry:
        texts = {name: str(value).strip() for name, value in values.items() if value is not None}
        shown = {name: text for name, text in texts.items() if text}
        for name, text in shown.items():
            if name not in self._first:
                self._first[name] = text
                self._used += [name] if part_named(text) else []
        if not isinstance(entry, Example):
            return entry
        used = next((name for name in self._used if name in shown), "")
        part = part_named(shown[used]) if used else TRAIN
        if part is None:
            message = f"{shown[used]!r:.{MAX_SHOWN}} in the column {used} names no part"
            return entry.problem(message, UNKNOWN_PARTS)
        self._counts[part] += 1
        return entry if part == TRAIN else replace(entry, part=part)

    def notes(self) -> Iterator[Note]:
        """Yield the notes on the columns, after all rows."""
        for name in self._used[:1]:
            counts = ", ".join(f"{count:,} {_shown(part)}" for part, count in self._counts.items())
            message = (
                f"names the part of each row: {counts}; rename the column to train on all rows"
            )
            yield Note(self._path, 0, f"column {name} {message}")
        for name in (name for name in self._first if name not in self._used):
            message = (
                f"is not used: its first value, {self._first[name]!r:.{MAX_SHOWN}}, is none of "
                f"{TRAIN}, {TEST} and {VALIDATION}"
            )
            yield Note(self._path, 0, f"column {name} {message}")


def _shown(part: str) -> str:
    return f"{part} (not trained on)" if part == VALIDATION else part
