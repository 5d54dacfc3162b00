"""Load the readers that need an optional package, or say how to install it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from model.errors import DataError, Problem

if TYPE_CHECKING:
    from model.tables.parquet import ParquetTable
    from model.tables.parquet_rows import ParquetRows
    from model.tables.spreadsheet import SpreadsheetTable
    from model.tables.spreadsheet_rows import SpreadsheetRows

INSTALL = "pip install --requirement requirements"
PARQUET = f"is Parquet, which needs pyarrow: {INSTALL}/parquet.txt"
SPREADSHEET = (
    f"is a spreadsheet, which needs python-calamine and openpyxl: {INSTALL}/spreadsheets.txt"
)


@contextmanager
def required(path: Path, message: str) -> Iterator[None]:
    """Convert the ImportError of a package that is not installed.

    Args:
        path: the file that needs it.
        message: what the file needs, and how to install it.

    Raises:
        DataError: the package is not installed.
    """
    try:
        yield
    except ImportError as error:
        raise DataError([Problem(path, 0, message)]) from error


def load_parquet_table(path: Path) -> type[ParquetTable]:
    """Return the class that adds predictions to Parquet."""
    with required(path, PARQUET):
        from model.tables.parquet import ParquetTable  # noqa: PLC0415 - an optional dependency
    return ParquetTable


def load_parquet_rows(path: Path) -> type[ParquetRows]:
    """Return the class that reads columns of Parquet."""
    with required(path, PARQUET):
        from model.tables.parquet_rows import ParquetRows  # noqa: PLC0415 - an optional dependency
    return ParquetRows


def load_spreadsheet_rows(path: Path) -> type[SpreadsheetRows]:
    """Return the class that reads the sheets of a spreadsheet."""
    with required(path, SPREADSHEET):
        from model.tables.spreadsheet_rows import SpreadsheetRows  # noqa: PLC0415 - optional
    return SpreadsheetRows


def load_spreadsheet_table(path: Path) -> type[SpreadsheetTable]:
    """Return the class that adds predictions to the rows of a sheet."""
    with required(path, SPREADSHEET):
        from model.tables.spreadsheet import SpreadsheetTable  # noqa: PLC0415 - optional
    return SpreadsheetTable
