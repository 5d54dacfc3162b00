"""CSV and TSV by RFC 4180, row by row: quoted line breaks are part of their row."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path

from model.errors import DataError, Problem
from model.inference.prediction import Prediction
from model.inference.strict_json import is_unicode
from model.tables.line_reader import MAX_RECORD, TOO_LONG, Lines, decode
from model.tables.table import DIGITS, Layout, alternatives_of, to_json
from model.tables.text_table import Record, TextTable

QUOTE = b'"'
MALFORMED = "is not well-formed"

csv.field_size_limit(MAX_RECORD)


class DelimitedTable(TextTable):
    """Rows below a header."""

    def __init__(
        self, lines: Lines, path: Path, layout: Layout, delimiter: str, size: int | None
    ) -> None:
        """Read the header.

        Raises:
            DataError: it can't be read, has no such column, or has those that are added.
        """
        self._lines, self._delimiter = lines, delimiter
        self._needs_quotes = re.compile(f'[{delimiter}"\r\n]').search
        raw, columns = self._read_row(lines.read())
        header = decode(raw).removeprefix("\ufeff")
        if columns is None or not is_unicode(header):
            raise DataError([Problem(path, 1, f"the header {MALFORMED} UTF-8 text")])
        columns = [name.removeprefix("\ufeff").strip() for name in columns]
        layout.check(path, columns)
        self._width, self._place = len(columns), columns.index(layout.column)
        self._line_break = "\r\n" if header.endswith("\r\n") else "\n"
        self.head = self._extended(header, layout.added).encode()
        super().__init__(lines, layout, size)

    def render(self, record: str, prediction: Prediction) -> str:
        """Add the labels to a row, whose own fields stay as they are."""
        confidence = str(round(prediction.confidence, DIGITS))
        values = [prediction.intent, confidence]
        if self._layout.top_k:
            values.append(to_json(alternatives_of(prediction)))
        return self._extended(record, values)

    def _extended(self, record: str, values: Sequence[str]) -> str:
        fields = (record.rstrip("\r\n"), *map(self._quoted, values))
        return self._delimiter.join(fields) + self._line_break

    def _quoted(self, value: str) -> str:
        if self._needs_quotes(value):
            return '"' + value.replace('"', '""') + '"'
        return value

    def _records(self) -> Iterator[Record]:
        line = self._lines.line
        while raw := self._lines.read():
            if len(raw) > MAX_RECORD:
                self._lines.skip_rest(raw)
                yield Record(line, decode(raw[:200]), problem=TOO_LONG)
            else:
                raw, fields = self._read_row(raw)
                if fields != []:
                    yield self._record(line, decode(raw), fields)
            line = self._lines.line

    def _record(self, line: int, text: str, fields: list[str] | None) -> Record:
        if not is_unicode(text):
            return Record(line, text, problem="is not UTF-8")
        if fields is None:
            return Record(line, text, problem=MALFORMED)
        if len(fields) != self._width:
            return Record(line, text, problem=f"has {len(fields)} fields, not {self._width}")
        utterance = fields[self._place]
        return Record(line, text, utterance, self._layout.problem(utterance))

    def _read_row(self, first: bytes) -> tuple[bytes, list[str] | None]:
        """Read a row that begins with a line; None for the fields of what is no row."""
        fields = self._parse(first)
        if fields is not None or not first.count(QUOTE) % 2:
            return first, fields
        lines = [first]
        size, quotes = len(first), 1
        while quotes % 2 and size <= MAX_RECORD and (line := self._lines.read()):
            lines.append(line)
            size, quotes = size + len(line), quotes + line.count(QUOTE)
        row = b"".join(lines)
        fields = self._parse(row) if size <= MAX_RECORD else None
        if fields is None:  # A quote too many: only its own line is lost.
            self._lines.take_back(lines[1:])
            return first, None
        return row, fields

    def _parse(self, row: bytes) -> list[str] | None:
        lines = StringIO(decode(row), newline="") if row.count(b"\n") > 1 else [decode(row)]
        try:
            rows = [*csv.reader(lines, delimiter=self._delimiter, strict=True)]
        except csv.Error:
            return None
        if len(rows) > 1:  # a quote too many, and another one in a later row
            return None
        return rows[0] if rows else []
