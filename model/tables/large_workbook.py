"""Read workbooks of Excel row by row, by openpyxl, which takes ten times as long as calamine."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import openpyxl


class LargeWorkbook:
    """A workbook of which one row at a time is in memory, and all different texts of its cells.

    Attributes:
        sheet_names: the names, in their order.
    """

    def __init__(self, file: BinaryIO) -> None:
        # On what can be shown in Excel only, as rules for cells.
        warnings.filterwarnings("ignore", module=r"openpyxl\.")
        self._book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        self.sheet_names = [sheet.title for sheet in self._book.worksheets]

    def rows(self, name: str) -> Iterator[Sequence[Any]]:
        """Yield the cells of all rows of a sheet, from the first row on."""
        sheet = self._book[name]
        sheet.reset_dimensions()  # many programs write wrong ones
        yield from sheet.iter_rows(values_only=True)

    def close(self) -> None:
        """Close the file."""
        self._book.close()
