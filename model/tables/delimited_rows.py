"""Parse CSV and its relatives row by row: quoted line breaks are part of their row (RFC 4180)."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO
from pathlib import Path

from model.errors import DataError, ProblemKind
from model.inference.strict_json import is_unicode
from model.tables.dialect import sniff
from model.tables.header import SAMPLE_ROWS, HeaderRules, header_below, stripped
from model.tables.line_reader import MAX_RECORD, TOO_LONG, Lines, decode
from model.tables.table import IS_NOT_UTF8, NOT_UTF8

QUOTE = b'"'
MALFORMED = ProblemKind("rows that are not well-formed", "close quotes, and double those in a text")
WRONG_WIDTH = ProblemKind(
    "rows with more or fewer cells than the header",
    'quote texts that hold the delimiter, as in "stop, please",cancel',
)
MAX_SAMPLE_BYTES = 1024 * 1024
MAX_SHOWN = 80

csv.field_size_limit(MAX_RECORD)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a text table.

    Attributes:
        line: where it begins.
        text: the whole row, with its line break.
        cells: none where there is a problem.
        problem: why the row can't be read.
        kind: of the problem.
    """

    line: int
    text: str
    cells: Sequence[str] = ()
    problem: str | None = None
    kind: ProblemKind | None = None


class DelimitedRows:
    """The rows of a text table.

    Attributes:
        first: the cells of the first row below titles and blank lines.
        first_line: the line of this row.
        notes: sentences about the file, for the user.
        columns: the header's names; None for a table without a header.
        header: the header as it stands in the file; empty without one.
        delimiter: one character.
        width: cells in a row.
        sample: the first rows, with the header.
    """

    def __init__(
        self,
        lines: Lines,
        path: Path,
        default_delimiter: str,
        rules: HeaderRules,
        sample_lines: int = SAMPLE_ROWS,
    ) -> None:
        """Find the dialect, and read the header; ``sample_lines`` are looked at for both.

        Raises:
            DataError: the header can't be read, or there is none.
        """
        self._lines = lines
        head = _peek(lines, sample_lines)
        dialect = sniff(decode(b"".join(head)), default_delimiter, rules)
        self.delimiter = dialect.delimiter
        if dialect.has_separator_line:
            head = head[1:]
            lines.read()
        rows = [self._parse(line) for line in head]
        above = rules.rows_above(rows)
        for _ in range(above):
            lines.read()
        self.sample = [row for row in rows[above:] if row]
        self._read_header(path, rules)
        self.notes = (header_below(self.first_line),) if above else ()

    def _read_header(self, path: Path, rules: HeaderRules) -> None:
        self.first_line = line = self._lines.line
        raw, cells = self._read_row(self._lines.read())
        if not raw:
            raise DataError.at(path, "is empty")
        self.header = decode(raw).removeprefix("\ufeff")
        if cells is None or not is_unicode(self.header):
            raise DataError.at(path, "the header is not well-formed UTF-8 text", line=line)
        self.first = names = stripped(cells)
        self.width = len(names)
        self.columns: list[str] | None = names
        if rules.has_none(names, self.sample):
            self.columns, self.header = None, ""
            self._lines.take_back(BytesIO(raw).readlines())

    def repeats_header(self, row: Row) -> bool:
        """Return whether a row is the header once more, as in files that were joined."""
        return row.text.removeprefix("\ufeff").strip() == self.header.strip() != ""

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows from where the file stands; empty lines are skipped."""
        line = self._lines.line
        while raw := self._lines.read():
            if len(raw) > MAX_RECORD:
                self._lines.skip_rest(raw)
                yield Row(line, decode(raw[:200]), problem=TOO_LONG, kind=MALFORMED)
            else:
                raw, cells = self._read_row(raw)
                if cells != []:
                    yield self._row(line, decode(raw), cells)
            line = self._lines.line

    def _row(self, line: int, text: str, cells: list[str] | None) -> Row:
        if not is_unicode(text):
            return Row(line, text, problem=IS_NOT_UTF8, kind=NOT_UTF8)
        if cells is None:
            return Row(line, text, problem="is not well-formed", kind=MALFORMED)
        if len(cells) != self.width:
            shown = text.strip()[:MAX_SHOWN]
            message = f"has {len(cells)} cells, not {self.width}: {shown}"
            return Row(line, text, problem=message, kind=WRONG_WIDTH)
        return Row(line, text, cells)

    def _read_row(self, first: bytes) -> tuple[bytes, list[str] | None]:
        """Return the row that begins with a line; None for the cells if it is malformed."""
        cells = self._parse(first)
        if cells is not None or not first.count(QUOTE) % 2:
            return first, cells
        lines = [first]
        size, quotes = len(first), 1
        while quotes % 2 and size <= MAX_RECORD and (line := self._lines.read()):
            lines.append(line)
            size, quotes = size + len(line), quotes + line.count(QUOTE)
        row = b"".join(lines)
        cells = self._parse(row) if size <= MAX_RECORD else None
        if cells is None:  # A quote too many: only its own line is lost.
            self._lines.take_back(lines[1:])
            return first, None
        return row, cells

    def _parse(self, row: bytes) -> list[str] | None:
        text = decode(row)
        cells = self._cells(text)
        if cells and has_spaced_quote(text, self.delimiter):
            # Quotes that are no more than that are a part of their cell.
            return self._cells(text, skips_spaces=True) or cells
        return cells

    def _cells(self, row: str, *, skips_spaces: bool = False) -> list[str] | None:
        lines = StringIO(row, newline="") if row.count("\n") > 1 else [row]
        reader = csv.reader(
            lines, delimiter=self.delimiter, strict=True, skipinitialspace=skips_spaces
        )
        try:
            rows = [*reader]
        except csv.Error:
            return None
        if len(rows) > 1:  # a quote too many, and another one in a later row
            return None
        return rows[0] if rows else []


def has_spaced_quote(text: str, delimiter: str) -> bool:
    """Return whether a cell may be quoted behind a space, as in ``hello, "greet"``."""
    return f'{delimiter} "' in text


def _peek(lines: Lines, count: int) -> list[bytes]:
    """Return the next lines, which will be read again; a line of excessive length ends them."""
    head: list[bytes] = []
    size = 0
    while len(head) < count and size < MAX_SAMPLE_BYTES and (line := lines.read()):
        head.append(line)
        size += len(line)
        if not line.endswith(b"\n"):
            break
    lines.take_back(head)
    return head
