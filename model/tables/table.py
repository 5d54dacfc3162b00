"""What a table of any size is to the bulk command: chunks of rows, and where each one ends."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from model.errors import DataError, Problem
from model.inference.prediction import Prediction
from model.inference.strict_json import is_unicode

# So many rows are classified at once: enough that their way to another process costs little.
CHUNK_ROWS = 512
DIGITS = 4


@dataclass(frozen=True, slots=True)
class Position:
    """How far a table has been read.

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
    """What is read from each row, and what is added to it.

    Attributes:
        column: the column that holds the utterance.
        prefix: of the names of the columns that are added.
        top_k: how many alternatives are added; 0 adds no such column.
        max_length: characters of an utterance.
    """

    column: str = "text"
    prefix: str = ""
    top_k: int = 0
    max_length: int = 5000

    @property
    def added(self) -> tuple[str, ...]:
        """Name the columns that are added."""
        names = ("intent", "confidence", "alternatives") if self.top_k else ("intent", "confidence")
        return tuple(f"{self.prefix}{name}" for name in names)

    def problem(self, text: object) -> str | None:
        """Say why something can't be classified; None if it can."""
        if text is None:
            return f"no {self.column}"
        if not isinstance(text, str):
            return f"{self.column} is no text"
        if not text.strip():
            return f"{self.column} is empty"
        if len(text) > self.max_length:
            return f"{self.column} has more than {self.max_length} characters"
        return None if is_unicode(text) else f"{self.column} is not valid Unicode"

    def values(self, prediction: Prediction) -> dict[str, Any]:
        """Give what is added for a prediction, under the columns' names."""
        values: tuple[Any, ...] = (prediction.intent, round(prediction.confidence, DIGITS))
        if self.top_k:
            values += (alternatives_of(prediction),)
        return dict(zip(self.added, values, strict=True))

    def check(self, path: Path, columns: Sequence[str]) -> None:
        """Make sure that a table has what is read, and not what is added.

        Raises:
            DataError: it is otherwise.
        """
        if self.column not in columns:
            found = ", ".join(columns) or "nothing"
            raise DataError([Problem(path, 1, f"no column {self.column}: found {found}")])
        if clashing := [name for name in self.added if name in columns]:
            names = " and ".join(clashing)
            message = f"has {names} already; --prefix model_ adds columns of other names"
            raise DataError([Problem(path, 1, message)])


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
        """What comes after these rows."""

    def labelled(self, predictions: Sequence[Prediction]) -> bytes:
        """Give the rows that were classified with their labels, ready to be written."""


class Table(Protocol):
    """A table that is read from its beginning to its end."""

    @property
    def size(self) -> int | None:
        """Where the last position's offset will be; None where that is not known."""

    @property
    def start(self) -> Position:
        """The first row's."""

    @property
    def head(self) -> bytes:
        """What is written before all rows."""

    def chunks(self, start: Position) -> Iterator[Chunk]:
        """Give the rows from a position on."""

    def finish(self, part: Path, output: Path) -> None:
        """Make the output of what was written, all at once."""


def alternatives_of(prediction: Prediction) -> list[Mapping[str, Any]]:
    """Give the alternatives as they are written."""
    return [
        {"intent": each.intent, "confidence": round(each.confidence, DIGITS)}
        for each in prediction.alternatives
    ]


def to_json(value: object) -> str:
    """Write JSON as people read it, in one line."""
    return json.dumps(value, ensure_ascii=False)
