"""Open a table by its name."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from model.errors import DataError, Problem
from model.tables.delimited import DelimitedTable
from model.tables.json_lines import JsonLinesTable
from model.tables.line_reader import Lines
from model.tables.table import Layout, Table

if TYPE_CHECKING:
    from model.tables.parquet import ParquetTable

STREAM = Path("-")
STREAM_FORMATS = ("csv", "tsv", "jsonl")
FORMATS = (*STREAM_FORMATS, "parquet")
NEEDS_PYARROW = (
    "is Parquet, which needs pyarrow: pip install --requirement requirements/parquet.txt"
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


@contextmanager
def open_table(path: Path, kind: str, layout: Layout) -> Iterator[Table]:
    """Open a table of a format of ``FORMATS``; ``-`` is the standard input.

    Raises:
        DataError: it can't be read, or does not have the columns that the layout asks for.
    """
    if kind == "parquet":
        with closing(_open_parquet(path, layout)) as table:
            yield table
    elif path == STREAM:
        yield _open_text(sys.stdin.buffer, path, layout, kind)
    else:
        with _open(path) as file:
            yield _open_text(file, path, layout, kind)


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise DataError([Problem(path, 0, "can't be read")]) from error


def _open_text(file: BinaryIO, path: Path, layout: Layout, kind: str) -> Table:
    status = os.fstat(file.fileno())
    size = status.st_size if stat.S_ISREG(status.st_mode) else None
    if kind == "jsonl":
        return JsonLinesTable(Lines(file), layout, size)
    return DelimitedTable(Lines(file), path, layout, "\t" if kind == "tsv" else ",", size)


def _open_parquet(path: Path, layout: Layout) -> ParquetTable:
    try:
        from model.tables.parquet import ParquetTable  # noqa: PLC0415 - an optional dependency
    except ImportError as error:
        raise DataError([Problem(path, 0, NEEDS_PYARROW)]) from error
    return ParquetTable(path, layout)
