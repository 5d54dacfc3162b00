"""Add predictions to the rows of a spreadsheet, which are written as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from io import StringIO
from itertools import chain, islice
from pathlib import Path

from model.inference.prediction import Prediction
from model.tables.columns import (
    below_header,
    text_without_header,
    width_without_header,
    without_header,
)
from model.tables.header import SAMPLE_ROWS, HeaderRules, header_below
from model.tables.spreadsheet_rows import SpreadsheetRows
from model.tables.table import CHUNK_ROWS, Layout, Position
from model.tables.text_table import Record, TextChunk


class SpreadsheetTable:
    """A sheet of Excel or OpenDocument; positions are row numbers."""

    start = Position(0, 1)

    def __init__(self, path: Path, layout: Layout) -> None:
        """Open the sheet that the layout names, or the first one that has cells; read its header.

        Raises:
            DataError: it can't be read, or lacks the column, or has those that are added.
        """
        self._rows, self._layout = SpreadsheetRows(path, path, layout.sheet), layout
        self.size = self._rows.size
        choice = ""
        if self._rows.other_sheets:
            choice = f"; --sheet chooses another one of {', '.join(self._rows.other_sheets)}"
        self.notes: tuple[str, ...] = (f"sheet {self._rows.sheet} is read{choice}",)
        try:
            self._read_header(path, choice)
        except BaseException:
            self._rows.close()
            raise

    def _read_header(self, path: Path, advice: str) -> None:
        layout = self._layout
        numbered = list(islice(self._rows, SAMPLE_ROWS))
        rules = HeaderRules((layout.column,), min(1, width_without_header(layout.column)))
        above = rules.rows_above(cells for _, cells in numbered)
        sample = [cells for _, cells in numbered[above:]]
        header_line, header = numbered[above]
        if above:
            self.notes += (header_below(header_line),)
        if rules.has_none(header, sample):
            self._place = text_without_header(layout.column, len(header), sample)
            self.head, self._first = b"", header_line
            self.notes += (without_header(self._place),)
        else:
            self._place = layout.find(path, header, advice)
            self.head = _to_csv([*header, *layout.added]).encode()
            self._first = header_line + 1
            self.notes += below_header(layout.column, header, self._place)

    def chunks(self, start: Position) -> Iterator[TextChunk]:
        """Yield the rows from a position on, as CSV."""
        rows = (row for row in self._rows if row[0] >= max(start.line, self._first))
        for first in rows:
            chunk = TextChunk(self._render, start)
            for line, cells in islice(chain([first], rows), CHUNK_ROWS):
                text = cells[self._place]
                chunk.add(Record(line, _to_csv(cells), text, self._layout.problem(text)))
                chunk.end = Position(line, line + 1)
            yield chunk

    def _render(self, record: str, prediction: Prediction) -> str:
        return record.removesuffix("\n") + "," + _to_csv(self._layout.cells(prediction))

    def completed(self, part: Path) -> Path:
        """Return the part, which is the output already."""
        return part

    def close(self) -> None:
        """Close the file."""
        self._rows.close()


def _to_csv(cells: Sequence[str]) -> str:
    text = StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()
