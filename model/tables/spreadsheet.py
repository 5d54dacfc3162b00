"""Add predictions to the rows of a spreadsheet, which are written as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import StringIO
from itertools import chain
from pathlib import Path

from model.inference.prediction import Prediction
from model.tables.columns import is_header
from model.tables.spreadsheet_rows import SpreadsheetRows
from model.tables.table import CHUNK_ROWS, Layout, Position, Rejected


@dataclass(slots=True)
class SpreadsheetChunk:
    """Some rows of a sheet."""

    layout: Layout
    end: Position
    texts: list[str] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    _rows: list[list[str]] = field(default_factory=list)

    def add(self, line: int, cells: list[str], utterance: str) -> None:
        """Add a row."""
        if problem := self.layout.problem(utterance):
            self.rejected.append(Rejected(line, problem, _to_csv([cells]).rstrip("\n")))
        else:
            self.texts.append(utterance)
            self._rows.append(cells)

    def labelled(self, predictions: Sequence[Prediction]) -> bytes:
        """Return the rows with their labels, as CSV."""
        added = map(self.layout.cells, predictions)
        rows = [[*own, *labels] for own, labels in zip(self._rows, added, strict=True)]
        return _to_csv(rows).encode()


class SpreadsheetTable:
    """A sheet of Excel or OpenDocument; positions are row numbers."""

    start = Position(0, 1)

    def __init__(self, path: Path, layout: Layout) -> None:
        """Open the first sheet that has cells, and read its header.

        Raises:
            DataError: it can't be read, or lacks the column, or has those that are added.
        """
        self._rows, self._layout = SpreadsheetRows(path, path), layout
        self.size = self._rows.size
        self.notes: tuple[str, ...] = (f"sheet {self._rows.sheet} is read",)
        if self._rows.other_sheets:
            self.notes = (f"{self.notes[0]}, and not {', '.join(self._rows.other_sheets)}",)
        header_line, header = next(iter(self._rows), (0, [""]))
        self._first = header_line + 1
        if len(header) == 1 and not is_header(header, (layout.column,)):
            self._place, self.head, self._first = 0, b"", header_line
            self.notes += ("has no header: column 1 is read as the text",)
        else:
            self._place = layout.find(path, header)
            self.head = _to_csv([[*header, *layout.added]]).encode()

    def chunks(self, start: Position) -> Iterator[SpreadsheetChunk]:
        """Return the rows from a position on."""
        rows = (row for row in self._rows if row[0] >= max(start.line, self._first))
        for first in rows:
            chunk, count = SpreadsheetChunk(self._layout, start), 0
            for line, cells in chain([first], rows):
                chunk.add(line, cells, cells[self._place])
                chunk.end, count = Position(line, line + 1), count + 1
                if count == CHUNK_ROWS:
                    break
            yield chunk

    def finish(self, part: Path, output: Path) -> None:
        """Rename the part to the output."""
        part.replace(output)

    def close(self) -> None:
        """Close the file."""
        self._rows.close()


def _to_csv(rows: Sequence[Sequence[str]]) -> str:
    text = StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
