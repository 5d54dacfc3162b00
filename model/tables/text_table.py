"""The common part of CSV, TSV and JSONL: records of text, each of which gets its labels."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from model.inference.prediction import Prediction
from model.tables.line_reader import Lines, legible
from model.tables.table import CHUNK_ROWS, Layout, Position, Rejected

MAX_CHUNK_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Record:
    """A row as it stands in the file.

    Attributes:
        line: where it begins.
        text: the whole row, with its line break.
        utterance: the text to classify.
        problem: why it can't be classified.
    """

    line: int
    text: str
    utterance: str = ""
    problem: str | None = None


@dataclass(slots=True)
class TextChunk:
    """Some records, and the function that adds the labels to one."""

    render: Callable[[str, Prediction], str]
    end: Position
    texts: list[str] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    _records: list[str] = field(default_factory=list)

    def add(self, record: Record) -> None:
        """Add a record."""
        if record.problem:
            self.rejected.append(Rejected(record.line, record.problem, legible(record.text)))
        else:
            self.texts.append(record.utterance)
            self._records.append(record.text)

    def labelled(self, predictions: Sequence[Prediction]) -> bytes:
        """Return the records with their labels."""
        return "".join(map(self.render, self._records, predictions)).encode()


class TextTable(ABC):
    """A file of records.

    Attributes:
        head: the bytes that are written before all rows.
        notes: sentences about the file, for the user.
    """

    head = b""
    notes: tuple[str, ...] = ()

    def __init__(self, lines: Lines, layout: Layout, size: int | None) -> None:
        self.size = size
        self._lines, self._layout = lines, layout
        self.start = lines.position

    def chunks(self, start: Position) -> Iterator[TextChunk]:
        """Yield the records from a position on."""
        self._lines.seek(start)
        chunk, count = TextChunk(self.render, start), 0
        for record in self._records():
            chunk.add(record)
            count += 1
            if count == CHUNK_ROWS or self._lines.offset - start.offset > MAX_CHUNK_BYTES:
                start = chunk.end = self._lines.position
                yield chunk
                chunk, count = TextChunk(self.render, start), 0
        chunk.end = self._lines.position
        if count:
            yield chunk

    def completed(self, part: Path) -> Path:
        """Return the part, which is the output already."""
        return part

    @abstractmethod
    def render(self, record: str, prediction: Prediction) -> str:
        """Return a record with its labels."""

    @abstractmethod
    def _records(self) -> Iterator[Record]:
        """Yield the records from the current line on."""
