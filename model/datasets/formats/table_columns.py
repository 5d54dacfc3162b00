"""Find the columns of the text and the intent, by the options or by their usual names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from model.datasets.collection import TEST, part_of
from model.datasets.documents.document import Document, ReadOptions
from model.errors import DataError
from model.inference.prediction import OUT_OF_SCOPE
from model.tables.columns import (
    INTENT,
    PAIR,
    TEXT,
    has_column,
    is_header,
    named_column,
    names_among,
    numbered_column,
    order_without_header,
    shown_column,
    usual_column,
)


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table.

    Attributes:
        text, intent: their indices in a row.
        note: says how they were guessed.
        label: the intent of all rows, where no column holds intents.
        are_guessed: whether neither a header nor an option names them.
    """

    text: int
    intent: int
    note: str | None = None
    label: str | None = None
    are_guessed: bool = False

    def with_notes(self, notes: Sequence[str]) -> Columns:
        """Return the same columns with further notes before their own one."""
        return replace(self, note="; ".join((*notes, *filter(None, [self.note]))) or None)


def find_columns(document: Document, names: Sequence[str], line: int) -> Columns:
    """Return the columns by the options or by usual names.

    Raises:
        DataError: a column is missing; the message names the columns that were found.
    """
    options = document.options
    found = {}
    for role, wanted in ((TEXT, options.text_column), (INTENT, options.intent_column)):
        index = usual_column(names, role) if wanted is None else named_column(names, wanted)
        found[role] = index
    text, intent = found[TEXT], found[INTENT]
    if text is not None and intent is None and _needs_no_intents(document):
        return _of_texts(text, names)
    missing = [
        f"no column {getattr(options, f'{role}_column') or role}"
        for role, index in found.items()
        if index is None
    ]
    if text is None or intent is None:
        seen = ", ".join(names) or "nothing"
        message = (
            f"{' and '.join(missing)} in the header: found {seen}; rename columns, or, where a "
            "command has the options, choose by name or number: --text-column, --intent-column; "
            "a file of other data has to be moved away"
        )
        if text is not None and part_of(Path(document.path.name)) == TEST:
            message += "; without intents it is no test: move it away, to label it by model.predict"
        raise DataError.at(document.path, message, line=line)
    _check_different(document, text, intent, line)
    shown_text, shown_intent = (shown_column(names, index) for index in (text, intent))
    is_plain = (shown_text, shown_intent) == (TEXT, INTENT)
    is_unique = names.count(shown_text) <= 1 and names.count(shown_intent) <= 1
    if is_unique and (is_plain or _are_chosen_by_name(options, names)):
        return Columns(text, intent)
    note = f"column {shown_text} is read as the text, {shown_intent} as the intent"
    if not is_unique:
        note = f"{note}; of columns of one name, number {text + 1} and number {intent + 1}"
    return Columns(text, intent, note)


def _needs_no_intents(document: Document) -> bool:
    """Return whether a file's name says that no text in it has an intent."""
    is_out_of_scope = (part_of(Path(document.path.name)) or "").startswith(OUT_OF_SCOPE)
    return is_out_of_scope and document.options.intent_column is None


def _of_texts(text: int, names: Sequence[str]) -> Columns:
    note = f"column {shown_column(names, text)} is read as the text; no column holds intents"
    return Columns(text, text, note, OUT_OF_SCOPE)


def _check_different(document: Document, text: int, intent: int, line: int) -> None:
    # One name for both is meant: so the desk reads the intents of any table.
    if text == intent and any(map(str.isdecimal, wanted_columns(document))):
        message = f"column {text + 1} can't be both the text and the intent"
        raise DataError.at(document.path, message, line=line)


def _are_chosen_by_name(options: ReadOptions, names: Sequence[str]) -> bool:
    """Return whether the options have the names of both columns."""
    return all(
        wanted is not None and has_column(names, wanted)
        for wanted in (options.text_column, options.intent_column)
    )


def wanted_columns(document: Document) -> tuple[str, ...]:
    """Return the names of columns that the options ask for."""
    options = document.options
    return tuple(name for name in (options.text_column, options.intent_column) if name)


def columns_by_rows(
    document: Document, first: Sequence[str], sample: Sequence[Sequence[str]], *, has_header: bool
) -> Columns | None:
    """Return the columns of a table whose first row names none; None where names are to be found.

    The options choose them by number; the first rows show which of two is which.

    Raises:
        DataError: the options name another column.
    """
    wanted, width = wanted_columns(document), len(first)
    names = names_among(wanted, width)
    if width == 1 and not has_header and _needs_no_intents(document):
        return _of_texts(0, [""])
    is_enough = width == PAIR or len(wanted) == PAIR
    if not is_enough or (has_header and (names or is_header(first))):
        return None
    text, intent = _by_rows(document, width, sample)
    _check_different(document, text, intent, 1)
    if has_header:
        shown_text, shown_intent = (shown_column(first, index) for index in (text, intent))
        note = (
            f"the first row is read as the header: column {shown_text} is read as the text, "
            f"{shown_intent} as the intent; if it is an utterance, put a header above it"
        )
    else:
        note = (
            f"has no header: column {text + 1} is read as the text, {intent + 1} as the intent, "
            "and the first row as data; --text-column and --intent-column choose other columns"
        )
    return Columns(text, intent, note, are_guessed=not wanted)


def _by_rows(document: Document, width: int, sample: Sequence[Sequence[str]]) -> tuple[int, int]:
    options = document.options
    text, intent = order_without_header([row for row in sample if len(row) == PAIR])
    if options.text_column is not None:
        text = _numbered(document, width, options.text_column)
        intent = 1 - text
    if options.intent_column is not None:
        intent = _numbered(document, width, options.intent_column)
        text = 1 - intent if options.text_column is None else text
    return text, intent


def _numbered(document: Document, width: int, wanted: str) -> int:
    index = numbered_column(width, wanted)
    if index is None:
        message = f"has no header, and so no column {wanted}: columns have the numbers 1 to {width}"
        raise DataError.at(document.path, message, line=1)
    return index
