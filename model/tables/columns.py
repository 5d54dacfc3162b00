"""Find the columns of texts and of intents among the usual names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

TEXT, INTENT = "text", "intent"
# In the order of preference. A name is compared without case, spaces, hyphens and underscores.
USUAL_NAMES: Mapping[str, tuple[str, ...]] = {
    TEXT: (
        *("text", "utterance", "utterances", "message", "query", "sentence", "question"),
        *("utterance text", "phrase", "example", "user input", "input", "pattern", "instruction"),
        *("utt", "user message", "training phrase", "sample", "content", "description", "body"),
    ),
    INTENT: (
        *("intent", "intent name", "intent display name", "intents", "label text", "label name"),
        *("label", "labels", "category", "class", "tag", "topic", "target", "choice"),
    ),
}


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
    is_number = name.isascii() and name.isdigit() and 1 <= int(name) <= len(columns)
    return int(name) - 1 if is_number else None


def shown_column(columns: Sequence[str], index: int) -> str:
    """Return how messages call a column: by its name, or by its number if the name is blank."""
    return columns[index] or str(index + 1)


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
