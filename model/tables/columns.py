"""Find the columns of texts and of intents, by usual names, by numbers and by the rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

TEXT, INTENT = "text", "intent"
# In the order of preference. A name is compared without case, spaces, hyphens and underscores.
USUAL_NAMES: Mapping[str, tuple[str, ...]] = {
    TEXT: (
        *("text", "utterance", "utterances", "message", "query", "sentence"),
        *("answer normalised", "question"),  # of HWU64, whose crowd answered questions
        *("utterance text", "phrase", "example", "user input", "input", "pattern", "instruction"),
        *("utt", "user message", "training phrase", "sample", "content", "description", "body"),
    ),
    INTENT: (
        *("intent", "intent name", "intent display name", "intents", "label text", "label name"),
        *("label", "labels", "category", "class", "tag", "topic", "target", "choice"),
        *("annotation", "label.responses", "intent.responses"),  # of Argilla
    ),
}
PAIR = 2  # a text and a label


def simplify(name: str) -> str:
    """Return a column's name as it is compared: no case, no spaces, hyphens or underscores."""
    return re.sub(r"[\s_\-]+", "", name.removeprefix("\ufeff")).casefold()


def usual_column(columns: Sequence[str], role: str) -> int | None:
    """Return the index of the column with the most usual name for ``TEXT`` or ``INTENT``."""
    simplified = [simplify(column) for column in columns]
    names = (simplify(name) for name in USUAL_NAMES[role])
    return next((simplified.index(name) for name in names if name in simplified), None)


def named_column(columns: Sequence[str], name: str) -> int | None:
    """Return the index of a column by its name, by its simplified name, or by its number from 1."""
    if name in columns:
        return columns.index(name)
    simplified = [simplify(column) for column in columns]
    if simplify(name) in simplified:
        return simplified.index(simplify(name))
    return numbered_column(len(columns), name)


def numbered_column(width: int, name: str) -> int | None:
    """Return the index of a column by its number, from 1; None if the name is no such number."""
    is_number = name.isascii() and name.isdigit() and 1 <= int(name) <= width
    return int(name) - 1 if is_number else None


def shown_column(columns: Sequence[str], index: int) -> str:
    """Return how messages call a column: by its name, or by its number if the name is blank."""
    return columns[index] or str(index + 1)


def names_among(wanted: Sequence[str], width: int) -> list[str]:
    """Return the wanted columns that are no numbers of columns."""
    return [each for each in wanted if numbered_column(width, each) is None]


def has_column(columns: Sequence[str], name: str) -> bool:
    """Return whether a column has this name, in its simplified form."""
    return simplify(name) in map(simplify, columns)


def is_header(cells: Sequence[str], wanted: Sequence[str] = ()) -> bool:
    """Return whether a first row names columns: a usual one, or one of the wanted ones."""
    if any(has_column(cells, name) for name in wanted):
        return True
    return any(usual_column(cells, role) is not None for role in USUAL_NAMES)


def order_without_header(rows: Sequence[Sequence[str]]) -> tuple[int, int]:
    """Return the indices of the text and the intent in rows of two cells.

    The column that repeats its values more often is the intent; by default the second one.
    """
    first, second = ({row[index] for row in rows} for index in (0, 1))
    return (1, 0) if len(first) < len(second) else (0, 1)


def text_without_header(column: str, width: int, sample: Sequence[Sequence[str]]) -> int:
    """Return the index of the texts in a table without a header, by its first rows.

    ``column`` is a number; any other name stands for the only column, or for one of two.
    """
    number = numbered_column(width, column)
    if number is not None or width != PAIR:
        return number or 0
    return order_without_header([row for row in sample if len(row) == PAIR])[0]


def width_without_header(column: str) -> int:
    """Return the number of columns up to which a first row without usual names is data.

    ``column`` is that of the texts: a number, or ``TEXT`` by default.
    """
    return PAIR if column == TEXT else int(column.isdecimal())


def without_header(place: int) -> str:
    """Return the note on a table whose first row is data."""
    return f"has no header: column {place + 1} is read as the text"


def below_header(column: str, names: Sequence[str], place: int) -> tuple[str, ...]:
    """Return the note on a column of texts that is not the one of the chosen name."""
    shown = shown_column(names, place)
    if shown == column:
        return ()
    is_known = is_header(names, names_among((column,), len(names)))
    guess = "" if is_known else "the first row is read as the header: "
    return (f"{guess}column {shown} is read as the text",)
