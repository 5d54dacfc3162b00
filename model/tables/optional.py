"""How to install the packages that only some tables need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from model.errors import DataError

INSTALL = "pip install --requirement requirements"
PARQUET = f"is Parquet or Arrow, which needs pyarrow: {INSTALL}/parquet.txt"
SPREADSHEET = (
    f"is a spreadsheet, which needs python-calamine and openpyxl: {INSTALL}/spreadsheets.txt"
)


@contextmanager
def required(path: Path, message: str) -> Iterator[None]:
    """Convert the ImportError of a package that is not installed to a DataError of the file."""
    try:
        yield
    except ImportError as error:
        raise DataError.at(path, message) from error
