"""Open a table by its name, for the bulk command."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO

from model.errors import DataError
from model.tables.delimited import DelimitedTable
from model.tables.encoding import Encoding, as_utf8, detect_encoding, encoding_of_head
from model.tables.json_lines import JsonLinesTable
from model.tables.line_reader import Lines
from model.tables.optional import PARQUET, SPREADSHEET, required
from model.tables.table import STREAM, Layout, Table
from model.tables.text_table import TextTable

STREAM_FORMATS = ("csv", "tsv", "jsonl")
SPREADSHEETS = ("xlsx", "xlsm", "xls", "ods")
FORMATS = (*STREAM_FORMATS, "parquet", *SPREADSHEETS)
DELIMITERS = {"csv": ",", "tsv": "\t"}


def format_of(path: Path, stream_format: str) -> str:
    """Return a file's format by its name, and that of streams for ``-``.

    Raises:
        DataError: the name is that of no table.
    """
    if path == STREAM:
        return stream_format
    name = path.suffix.lower().removeprefix(".")
    if name not in FORMATS:
        kinds = ", ".join(f".{each}" for each in FORMATS)
        raise DataError.at(path, f"is none of {kinds}")
    return name


def output_format(kind: str) -> str:
    """Return the format in which a table of a format is written with its labels."""
    return "csv" if kind in SPREADSHEETS else kind


@contextmanager
def open_table(path: Path, kind: str, layout: Layout) -> Iterator[Table]:
    """Open a table of a format of ``FORMATS``; ``-`` is the standard input.

    Raises:
        DataError: it can't be read, or does not have the sheet or the columns that the layout asks
            for.
    """
    if layout.sheet and kind not in SPREADSHEETS:
        raise DataError.at(path, f"{kind} has no sheets; omit --sheet")
    table: Table
    if kind == "parquet":
        with required(path, PARQUET):
            from model.tables.parquet import ParquetTable  # noqa: PLC0415 - an optional package
        with closing(ParquetTable(path, layout)) as table:
            yield table
    elif kind in SPREADSHEETS:
        with required(path, SPREADSHEET):
            from model.tables.spreadsheet import SpreadsheetTable  # noqa: PLC0415 - as above
        with closing(SpreadsheetTable(path, layout)) as table:
            yield table
    elif path == STREAM:
        yield _open_text(sys.stdin.buffer, path, layout, kind)
    else:
        with open_binary(path) as file:
            yield _open_text(file, path, layout, kind)


def open_binary(path: Path) -> BinaryIO:
    """Open a file.

    Raises:
        DataError: it can't be read.
    """
    try:
        return path.open("rb")
    except OSError as error:
        raise DataError.at(path, f"can't be read: {error.strerror}") from error


def _open_text(file: BinaryIO, path: Path, layout: Layout, kind: str) -> Table:
    status = os.fstat(file.fileno())
    is_regular = stat.S_ISREG(status.st_mode)
    encoding = detect_encoding(file) if is_regular and path != STREAM else _of_stream(file)
    # Offsets in converted bytes say nothing about the share that was read.
    size = status.st_size if is_regular and encoding.is_plain else None
    lines = Lines(as_utf8(file, encoding))
    table: TextTable
    if kind == "jsonl":
        table = JsonLinesTable(lines, layout, size)
    else:
        table = DelimitedTable(lines, path, layout, DELIMITERS[kind], size)
    table.notes += (encoding.note,) if encoding.note else ()
    return table


def _of_stream(file: BinaryIO) -> Encoding:
    """Return the encoding by the first bytes: a stream can't be read twice."""
    head = file.peek(2) if hasattr(file, "peek") else b""
    return encoding_of_head(head)
