"""Add predictions to the rows of CSV and its relatives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from model.inference.prediction import Prediction
from model.tables.columns import (
    below_header,
    text_without_header,
    width_without_header,
    without_header,
)
from model.tables.delimited_rows import DelimitedRows, Row
from model.tables.dialect import cell_quoter
from model.tables.header import SAMPLE_ROWS, HeaderRules
from model.tables.line_reader import Lines
from model.tables.table import STREAM, Layout
from model.tables.text_table import Record, TextTable


class DelimitedTable(TextTable):
    """A text table whose rows get their labels in further columns."""

    def __init__(
        self, lines: Lines, path: Path, layout: Layout, delimiter: str, size: int | None
    ) -> None:
        """Read the header; ``delimiter`` is the one that the file's name suggests.

        Raises:
            DataError: the header can't be read, lacks the column, or has those that are added.
        """
        rules = HeaderRules((layout.column,), width_without_header(layout.column))
        # The further lines of a stream may come late.
        sample_lines = 1 if path == STREAM else SAMPLE_ROWS
        self._rows = rows = DelimitedRows(lines, path, delimiter, rules, sample_lines)
        self.notes += rows.notes
        self._quoted = cell_quoter(rows.delimiter)
        self._line_break = "\r\n" if rows.header.endswith("\r\n") else "\n"
        if rows.columns is None:
            self._place = text_without_header(layout.column, rows.width, rows.sample)
            self.head = b""
            self.notes += (without_header(self._place),)
        else:
            self._place = layout.find(path, rows.columns)
            self.head = self._extended(rows.header, layout.added).encode()
            self.notes += below_header(layout.column, rows.columns, self._place)
        super().__init__(lines, layout, size)

    def render(self, record: str, prediction: Prediction) -> str:
        """Return a row with its labels; its own cells stay as they are."""
        return self._extended(record, self._layout.cells(prediction))

    def _extended(self, record: str, values: Sequence[str]) -> str:
        cells = (record.rstrip("\r\n"), *map(self._quoted, values))
        return self._rows.delimiter.join(cells) + self._line_break

    def _records(self) -> Iterator[Record]:
        return map(self._record, self._rows)

    def _record(self, row: Row) -> Record:
        if row.problem:
            return Record(row.line, row.text, problem=row.problem)
        utterance = row.cells[self._place]
        return Record(row.line, row.text, utterance, self._layout.problem(utterance))
