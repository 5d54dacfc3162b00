"""Read the sheets of Excel and OpenDocument files, by python-calamine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import python_calamine as calamine

from model.errors import DataError, Problem
from model.tables.spreadsheet_limits import check_size


class SpreadsheetRows:
    """The rows of one sheet, as texts.

    Attributes:
        sheet: its name.
        other_sheets: the names of the sheets that are not read.
        size: its rows.
    """

    def __init__(self, path: Path, sheet: str | None = None) -> None:
        """Open a sheet: the one that is named, or the first one that has cells.

        Raises:
            DataError: the file can't be read, or has no such sheet.
        """
        check_size(path)
        try:
            self._workbook = calamine.CalamineWorkbook.from_path(str(path))
            names = self._workbook.sheet_names
            self._sheet = self._open(path, names, sheet)
        except DataError:
            raise
        except BaseException as error:
            if not _is_of_calamine(error):
                raise
            message = f"is no readable spreadsheet: {error}"
            raise DataError([Problem(path, 0, message)]) from error
        self.sheet = self._sheet.name
        self.other_sheets = tuple(name for name in names if name != self.sheet)
        self.size = (self._sheet.end or (0, 0))[0] + 1

    def _open(self, path: Path, names: Sequence[str], wanted: str | None) -> calamine.CalamineSheet:
        if wanted is not None and wanted not in names:
            found = ", ".join(names)
            raise DataError([Problem(path, 0, f"has no sheet {wanted}: found {found}")])
        sheets = map(self._workbook.get_sheet_by_name, names if wanted is None else [wanted])
        sheet = next((sheet for sheet in sheets if sheet.height), None)
        if sheet is None:
            raise DataError([Problem(path, 0, "holds no cells")])
        return sheet

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        """Return each row that is not blank, with its number."""
        for number, cells in enumerate(self._sheet.iter_rows(), 1):
            texts = [_as_text(cell) for cell in cells]
            if any(texts):
                yield number, texts

    def close(self) -> None:
        """Close the file."""
        self._workbook.close()


def _is_of_calamine(error: BaseException) -> bool:
    """Return whether calamine can't read a file; its panics are no subclass of Exception."""
    is_panic = type(error).__name__ == "PanicException"
    return is_panic or isinstance(error, calamine.CalamineError | OSError | ValueError)


def _as_text(cell: Any) -> str:
    """Return a cell as its column shows it: whole numbers without a fraction."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell).strip()
