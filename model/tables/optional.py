"""Load the readers that need an optional package, or say how to install it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from model.errors import DataError, Problem

if TYPE_CHECKING:
    from model.tables.parquet import ParquetTable
    from model.tables.parquet_rows import ParquetRows
    from model.tables.spreadsheet import SpreadsheetTable
    from model.tables.spreadsheet_rows import SpreadsheetRows

NEEDS_PYARROW = (
    "is Parquet, which needs pyarrow: pip install --requirement requirements/parquet.txt"
)
NEEDS_CALAMINE = (
    "is a spreadsheet, which needs python-calamine: "
    "pip install --requirement requirements/spreadsheets.txt"
)


def load_parquet_table(path: Path) -> type[ParquetTable]:
    """Return the class that reads Parquet.

    Raises:
        DataError: pyarrow is not installed.
    """
    try:
        from model.tables.parquet import ParquetTable  # noqa: PLC0415 - an optional dependency
    except ImportError as error:
        raise DataError([Problem(path, 0, NEEDS_PYARROW)]) from error
    return ParquetTable


def load_parquet_rows(path: Path) -> type[ParquetRows]:
    """Return the class that reads columns of Parquet.

    Raises:
        DataError: pyarrow is not installed.
    """
    try:
        from model.tables.parquet_rows import ParquetRows  # noqa: PLC0415 - an optional dependency
    except ImportError as error:
        raise DataError([Problem(path, 0, NEEDS_PYARROW)]) from error
    return ParquetRows


def load_spreadsheet_rows(path: Path) -> type[SpreadsheetRows]:
    """Return the class that reads the sheets of a spreadsheet.

    Raises:
        DataError: python-calamine is not installed.
    """
    try:
        from model.tables.spreadsheet_rows import SpreadsheetRows  # noqa: PLC0415 - optional
    except ImportError as error:
        raise DataError([Problem(path, 0, NEEDS_CALAMINE)]) from error
    return SpreadsheetRows


def load_spreadsheet_table(path: Path) -> type[SpreadsheetTable]:
    """Return the class that adds predictions to the rows of a sheet.

    Raises:
        DataError: python-calamine is not installed.
    """
    load_spreadsheet_rows(path)
    from model.tables.spreadsheet import SpreadsheetTable  # noqa: PLC0415 - an optional dependency

    return SpreadsheetTable
