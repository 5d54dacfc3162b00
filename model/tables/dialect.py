"""Find out how a text table separates its cells."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import StringIO

from model.tables.columns import is_header
from model.tables.header import HeaderRules

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_ROWS = 50
# Excel writes it as the first line, and reads it.
_SEPARATOR_LINE = re.compile(r'\ufeff?"?sep=(.)"?\r?\n?', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a table separates its cells.

    Attributes:
        delimiter: one character.
        has_separator_line: whether the first line is ``sep=`` and the delimiter.
    """

    delimiter: str
    has_separator_line: bool = False


def sniff(head: str, default: str, rules: HeaderRules) -> Dialect:
    """Return the dialect of a table.

    Args:
        head: the first lines.
        default: the delimiter that the file's name suggests.
        rules: how to find the header.
    """
    if separator := _SEPARATOR_LINE.match(head):
        return Dialect(separator[1], has_separator_line=True)
    candidates = (default, *(each for each in DELIMITERS if each != default))
    samples = {each: _sample(head, each) for each in candidates}
    return Dialect(max(candidates, key=lambda each: _score(samples[each], rules)))


def cell_quoter(delimiter: str) -> Callable[[str], str]:
    """Return a function that puts a cell into quotes if it needs them (RFC 4180)."""
    # Python 3.11's csv.writer does not quote a carriage return.
    needs_quotes = re.compile(f'[{re.escape(delimiter)}"\r\n]').search
    return lambda cell: '"' + cell.replace('"', '""') + '"' if needs_quotes(cell) else cell


def _sample(head: str, delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(StringIO(head, newline=""), delimiter=delimiter):
            rows.append(row)
            if len(rows) == SAMPLE_ROWS:
                break
    except csv.Error:
        pass
    return [row for row in rows if row]


def _score(rows: Sequence[Sequence[str]], rules: HeaderRules) -> tuple[bool, bool, float]:
    """Rate a delimiter: a header of known names, several cells, rows as wide as the header."""
    rows = rows[rules.rows_above(rows) :]
    if not rows:
        return False, False, 0.0
    header = [cell.strip() for cell in rows[0]]
    width = len(header)
    alike = sum(len(row) == width for row in rows) / len(rows)
    return (is_header(header, rules.wanted), True, alike) if width > 1 else (False, False, 0.0)
