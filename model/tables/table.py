"""The interface of tables to the bulk command: chunks of rows, each with its position."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from model.errors import ColumnError, DataError, ProblemKind
from model.inference.prediction import Alternative, Prediction
from model.inference.strict_json import is_unicode
from model.tables.columns import TEXT, named_column, usual_column

NOT_UTF8 = ProblemKind("rows that are not UTF-8", "save the file as UTF-8")
STREAM = Path("-")
IS_NOT_UTF8 = "is not UTF-8"

# Rows that are classified at once: enough that sending them to another process costs little.
CHUNK_ROWS = 512
DIGITS = 4


@dataclass(frozen=True, slots=True)
class Position:
    """How far a table was read.

    Attributes:
        offset: bytes of a text, rows of a Parquet file.
        line: number of the line, or of the Parquet row, that comes next; from 1.
    """

    offset: int
    line: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that can't be classified.

    Attributes:
        line: where it begins.
        reason: what is wrong with it.
        record: the row as it was read; empty for Parquet.
    """

    line: int
    reason: str
    record: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """The column that is read from each row, and the columns that are added to it.

    Attributes:
        column: the column that holds the utterance.
        prefix: of the names of the columns that are added.
        top_k: how many alternatives are added; 0 adds no such column.
        max_length: characters of an utterance.
        sheet: of a spreadsheet; None for the first one with cells.
    """

    column: str = "text"
    prefix: str = ""
    top_k: int = 0
    max_length: int = 5000
    sheet: str | None = None

    @property
    def added(self) -> tuple[str, ...]:
        """The names of the columns that are added."""
        names = ("intent", "confidence", "alternatives") if self.top_k else ("intent", "confidence")
        return tuple(f"{self.prefix}{name}" for name in names)

    def problem(self, text: object) -> str | None:
        """Return why something can't be classified; None if it can."""
        if text is None:
            return f"no {self.column}"
        if not isinstance(text, str):
            return f"{self.column} is no text"
        if not text.strip():
            return f"{self.column} is empty"
        if len(text) > self.max_length:
            return f"{self.column} has more than {self.max_length} characters"
        return None if is_unicode(text) else f"{self.column} is not valid Unicode"

    def fields(self, prediction: Prediction) -> dict[str, Any]:
        """Return the values that a prediction adds, by column."""
        return dict(zip(self.added, self.values(prediction), strict=True))

    def cells(self, prediction: Prediction) -> list[str]:
        """Return the same values as texts; alternatives are JSON."""
        values = self.values(prediction)
        return [to_json(each) if isinstance(each, list) else str(each) for each in values]

    def values(self, prediction: Prediction) -> list[Any]:
        """Return the values that a prediction adds, in the order of ``added``."""
        values: list[Any] = [prediction.intent, round(prediction.confidence, DIGITS)]
        if self.top_k:
            values.append(to_fields(prediction.alternatives))
        return values

    def find(self, path: Path, columns: Sequence[str], advice: str = "") -> int:
        """Return the index of the column that is read.

        ``advice`` is added to the message where the column is missing.

        Raises:
            DataError: as ``index_in`` raises ColumnError.
        """
        try:
            return self.index_in(columns)
        except ColumnError as error:
            remedy = f"; --column chooses by name or number{advice}"
            if error.is_clash:
                remedy = "; --prefix model_ adds columns of other names"
            raise DataError.at(path, f"{error}{remedy}", line=1) from error

    def index_in(self, columns: Sequence[str], *further: str) -> int:
        """Return the index of the column that is read.

        A table whose column has another usual name, as ``Message``, is read if the column's own
        name was not chosen.

        Args:
            columns: the names of the table's columns.
            further: names of columns that are added beside those of the layout.

        Raises:
            ColumnError: there is no such column, or there are columns of the names that are added.
        """
        index = named_column(columns, self.column)
        if index is None and self.column == TEXT:
            index = usual_column(columns, TEXT)
        if index is None:
            found = ", ".join(columns) or "nothing"
            raise ColumnError(f"no column {self.column}: found {found}")
        if clashing := [name for name in (*self.added, *further) if name in columns]:
            raise ColumnError(f"has {' and '.join(clashing)} already", is_clash=True)
        return index


class Chunk(Protocol):
    """Some rows of a table."""

    @property
    def texts(self) -> Sequence[str]:
        """The utterances of the rows that can be classified."""

    @property
    def rejected(self) -> Sequence[Rejected]:
        """The other rows."""

    @property
    def end(self) -> Position:
        """The position behind these rows."""

    def labelled(self, predictions: Sequence[Prediction]) -> bytes:
        """Return the classified rows with their labels, ready to be written."""


class Table(Protocol):
    """A table that is read from its beginning to its end."""

    @property
    def size(self) -> int | None:
        """The offset of the last position; None where it is not known."""

    @property
    def start(self) -> Position:
        """The position of the first row."""

    @property
    def head(self) -> bytes:
        """The bytes that are written before all rows."""

    @property
    def notes(self) -> Sequence[str]:
        """Sentences about the file, for the user."""

    def chunks(self, start: Position) -> Iterator[Chunk]:
        """Yield the rows from a position on."""

    def completed(self, part: Path) -> Path:
        """Return the file that becomes the output, made of the part; all of it is on the disk."""


def to_fields(alternatives: Iterable[Alternative]) -> list[dict[str, Any]]:
    """Return alternatives as a table has them."""
    return [
        {"intent": each.intent, "confidence": round(each.confidence, DIGITS)}
        for each in alternatives
    ]


def to_json(value: object) -> str:
    """Return JSON in one line, with all characters as they are."""
    return json.dumps(value, ensure_ascii=False)
