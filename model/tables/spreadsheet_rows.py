"""Read the sheets of Excel and OpenDocument files: small ones at once, large ones row by row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from zipfile import ZipFile

import python_calamine as calamine

from model.errors import DataError
from model.tables.large_open_document import OPEN_DOCUMENT, LargeOpenDocument
from model.tables.large_workbook import LargeWorkbook
from model.tables.spreadsheet_limits import is_large


class Workbook(Protocol):
    """The interface to the readers."""

    @property
    def sheet_names(self) -> Sequence[str]:
        """The names, in their order."""

    def rows(self, name: str) -> Iterator[Sequence[Any]]:
        """Yield the cells of all rows of a sheet, from the first row on."""

    def close(self) -> None:
        """Close the file."""


class SmallWorkbook:
    """A workbook whose sheets are read at once, by calamine."""

    def __init__(self, file: BinaryIO) -> None:
        self._book = calamine.CalamineWorkbook.from_filelike(file)
        self.sheet_names = self._book.sheet_names
        self._sheets: dict[str, calamine.CalamineSheet] = {}

    def rows(self, name: str) -> Iterator[Sequence[Any]]:
        """Yield the cells of all rows of a sheet, from the first row on.

        The value of cells that are merged over several rows stands in each row that is not blank,
        except that of a header.
        """
        sheet = self._sheet(name)
        merged: dict[int, list[tuple[int, int]]] = {}
        first_column = (sheet.start or (0, 0))[1]  # rows begin there
        for (top, left), (bottom, _) in sheet.merged_cell_ranges or ():
            if top < bottom and 0 <= left - first_column < sheet.width:
                merged.setdefault(top, []).append((left - first_column, bottom))
        columns: dict[int, tuple[int, Any]] = {}  # the last row and the value, by column
        is_below_header = False
        for number, cells in enumerate(sheet.iter_rows()):
            is_blank = not any(map(_as_text, cells))
            if not is_blank:
                for left, (bottom, value) in columns.items():
                    cells[left] = value if number <= bottom else cells[left]
            if is_below_header:
                for left, bottom in merged.get(number, ()):
                    columns[left] = (bottom, cells[left])
            is_below_header = is_below_header or not is_blank
            yield cells

    def row_count(self, name: str) -> int:
        """Return the number of a sheet's rows."""
        return (self._sheet(name).end or (0, 0))[0] + 1

    def _sheet(self, name: str) -> calamine.CalamineSheet:
        if name not in self._sheets:
            self._sheets = {name: self._book.get_sheet_by_name(name)}
        return self._sheets[name]

    def close(self) -> None:
        """Close the file."""
        self._book.close()


class SpreadsheetRows:
    """The rows of one sheet, as texts.

    Attributes:
        sheet: its name.
        other_sheets: the names of the sheets that are not read.
        size: its rows; None where their number is not known.
    """

    def __init__(self, source: Path | bytes, path: Path, sheet: str | None = None) -> None:
        """Open a sheet: the one that is named, or the first one that has cells.

        Raises:
            DataError: the file can't be read, or has no such sheet.
        """
        self._path = path
        self._file: BinaryIO = BytesIO()
        try:
            self._file = BytesIO(source) if isinstance(source, bytes) else source.open("rb")
            self._workbook = workbook = _open(self._file, path)
            names = workbook.sheet_names
            self.sheet = self._choose(names, sheet)
            # Of a large one, the number of rows is known when all are read.
            self.size = (
                workbook.row_count(self.sheet) if isinstance(workbook, SmallWorkbook) else None
            )
        except BaseException as error:
            self._file.close()
            raise self._unreadable(error) from error
        self.other_sheets = tuple(name for name in names if name != self.sheet)

    def _choose(self, names: Sequence[str], wanted: str | None) -> str:
        if wanted is not None and wanted not in names:
            found = ", ".join(names)
            raise DataError.at(self._path, f"has no sheet {wanted}: found {found}")
        for name in names if wanted is None else [wanted]:
            if any(any(map(_as_text, cells)) for cells in self._workbook.rows(name)):
                return name
        raise DataError.at(self._path, f"holds no cells{f' in sheet {wanted}' if wanted else ''}")

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each row that is not blank, with its number; all are as wide as the first one.

        Raises:
            DataError: the sheet is damaged.
        """
        width = 0
        try:
            for number, cells in enumerate(self._workbook.rows(self.sheet), 1):
                texts = [_as_text(cell) for cell in cells]
                if any(texts):
                    width = width or len(texts)
                    yield number, [*texts, *[""] * (width - len(texts))]
        except Exception as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: BaseException) -> BaseException:
        """Return the error to raise: that of a file, or of another cause as it is."""
        # A panic of calamine is no subclass of Exception.
        is_panic = type(error).__name__ == "PanicException"
        if isinstance(error, DataError) or not (is_panic or isinstance(error, Exception)):
            return error
        reason = " ".join(str(error).split())
        return DataError.at(self._path, f"is no readable spreadsheet: {reason}")

    def close(self) -> None:
        """Close the file."""
        self._workbook.close()
        self._file.close()


def _open(file: BinaryIO, path: Path) -> Workbook:
    if not is_large(file, path):
        return SmallWorkbook(file)
    with ZipFile(file) as archive:
        is_open_document = OPEN_DOCUMENT in archive.namelist()
    return LargeOpenDocument(file) if is_open_document else LargeWorkbook(file)


def _as_text(cell: Any) -> str:
    """Return a cell as its column shows it: whole numbers without a fraction."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell).strip()
