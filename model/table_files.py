"""Open a table by its name."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from model.delimited import DelimitedTable
from model.errors import DataError, Problem
from model.json_lines import JsonLinesTable
from model.lines import Lines
from model.tables import Layout, Table

STREAM = Path("-")
STREAM_FORMATS = ("csv", "tsv", "jsonl")
FORMATS = (*STREAM_FORMATS, "parquet")
NEEDS_PYARROW = (
    "is Parquet, which needs pyarrow: pip install --requirement requirements-parquet.txt"
)


def format_of(path: Path, stream_format: str) -> str:
    """Tell a file's format by its name; a stream's is given.

    Raises:
        DataError: a name that tells none.
    """
    if path == STREAM:
        return stream_format
    name = path.suffix.lower().removeprefix(".")
    if name not in FORMATS:
        kinds = ", ".join(f".{each}" for each in FORMATS)
        raise DataError([Problem(path, 0, f"is none of {kinds}")])
    return name


def open_table(path: Path, kind: str, layout: Layout) -> Table:
    """Open a table of a format of ``FORMATS``; ``-`` is the standard input.

    Raises:
        DataError: it can't be read, or does not have the columns that the layout asks for.
    """
    try:
        if kind == "parquet":
            return _open_parquet(path, layout)
        if path == STREAM:
            return _open_text(Lines(sys.stdin.buffer), path, layout, None, kind)
        file = path.open("rb")
        status = os.fstat(file.fileno())
    except OSError as error:
        raise DataError([Problem(path, 0, "can't be read")]) from error
    size = status.st_size if stat.S_ISREG(status.st_mode) else None
    return _open_text(Lines(file), path, layout, size, kind)


def _open_text(lines: Lines, path: Path, layout: Layout, size: int | None, kind: str) -> Table:
    if kind == "jsonl":
        return JsonLinesTable(lines, layout, size)
    return DelimitedTable(lines, path, layout, "\t" if kind == "tsv" else ",", size)


def _open_parquet(path: Path, layout: Layout) -> Table:
    try:
        from model.parquet import ParquetTable  # noqa: PLC0415 - an optional dependency
    except ImportError as error:
        raise DataError([Problem(path, 0, NEEDS_PYARROW)]) from error
    return ParquetTable(path, layout)
