"""Find out whether a spreadsheet fits into the memory.

calamine reads a whole sheet, and keeps a place for every cell of the rectangle that its outermost
cells span. A failed allocation in it ends the process.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any, BinaryIO
from xml.parsers import expat

from model.errors import DataError
from model.tables.large_open_document import OPEN_DOCUMENT

MAX_UNPACKED_BYTES = 1024**3
# Of a workbook that is read at once, in about 300 MB; the rows of larger ones are streamed.
MAX_BYTES_AT_ONCE = 256 * 1024**2
MAX_CELLS_AT_ONCE = 4 * 1024**2
MAX_ROWS = 1024**2  # as of Excel and LibreOffice; one element of OpenDocument can be many more
# All rows of a sheet, and 256 columns; the padding of wider rows takes too long.
MAX_CELLS = 256 * MAX_ROWS
BLOCK_BYTES = 1024 * 1024
# Longer than the beginning of any cell, which two blocks could share.
OVERLAP_BYTES = 1024
# calamine takes references beyond those of any program, and fails to allocate their rectangle.
BEYOND_ALL = (10**7, 26**3)
_BEYOND_ALL = re.compile(
    rb"""<(?:\w+:)?(?:c|row)\s(?:[^<>]*\s)?r\s*=\s*["'](?:[A-Za-z]{4}|[A-Za-z]{0,3}[0-9]{8})"""
)
MAX_LETTERS, MAX_DIGITS = 3, 7
_REFERENCE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]*)([0-9]+)["']""")
_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 "
_VALUE_TYPE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0 value-type"


def is_large(file: BinaryIO, path: Path) -> bool:
    """Return whether a workbook has to be read row by row; leave the file at its beginning.

    Raises:
        DataError: it unpacks to too many bytes, or has cells too far from each other.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            size = sum(member.file_size for member in archive.infolist())
            extents = _extents(archive) if size <= MAX_UNPACKED_BYTES else []
    except Exception:  # noqa: BLE001 - .xls is no archive; calamine names the damage of others
        return False
    finally:
        file.seek(0)
    if size > MAX_UNPACKED_BYTES:
        raise DataError.at(path, f"unpacks to more than {MAX_UNPACKED_BYTES >> 20} MiB")
    for rows, columns in extents:
        if rows > MAX_ROWS or rows * columns > MAX_CELLS:
            message = (
                f"has cells down to row {rows} and up to column {columns}, too many for the memory;"
                " delete those outside of the table, or save the sheet as CSV"
            )
            raise DataError.at(path, message)
    cells = max((rows * columns for rows, columns in extents), default=0)
    return size > MAX_BYTES_AT_ONCE or cells > MAX_CELLS_AT_ONCE


def _extents(archive: zipfile.ZipFile) -> list[tuple[int, int]]:
    """Return the last row and the last column that have cells, of each part of a workbook."""
    # The parts of a workbook that are sheets can have any name.
    return [
        _open_document_extent(archive, member)
        if member.filename == OPEN_DOCUMENT
        else _extent(archive, member)
        for member in archive.infolist()
    ]


def _extent(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> tuple[int, int]:
    rows, columns, rest = 1, 1, b""
    with archive.open(member) as sheet:
        while block := sheet.read(BLOCK_BYTES):
            content = rest + block
            references = _REFERENCE.findall(content)
            near = [each for each in references if _is_near(*each)]
            # Shapes have attributes of this name, too.
            if len(near) < len(references) and _BEYOND_ALL.search(content):
                return BEYOND_ALL
            for letters, number in near:
                rows, columns = max(rows, int(number)), max(columns, _column(letters))
            rest = block[-OVERLAP_BYTES:]
    return rows, columns


def _is_near(letters: bytes, number: bytes) -> bool:
    return len(letters) <= MAX_LETTERS and len(number) <= MAX_DIGITS


def _column(letters: bytes) -> int:
    """Return the number of a column from its letters, as 28 for AB."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _open_document_extent(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> tuple[int, int]:
    counter = _RepeatedCells()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = counter.start
    with archive.open(member) as content:
        while block := content.read(BLOCK_BYTES):
            parser.Parse(block)
    return counter.last_row, counter.last_column


class _RepeatedCells:
    """Counts rows and columns of OpenDocument, of which one element can be any number.

    Attributes:
        last_row, last_column: the last ones that have cells.
    """

    def __init__(self) -> None:
        self.last_row = self.last_column = 1
        self._row = self._column = 0

    def start(self, name: str, attributes: dict[str, Any]) -> None:
        element = name.removeprefix(_TABLE)
        if element == "table":
            self._row = 0
        elif element == "table-row":
            self._row += int(attributes.get(f"{_TABLE}number-rows-repeated", 1))
            self._column = 0
        elif element in {"table-cell", "covered-table-cell"}:
            self._column += int(attributes.get(f"{_TABLE}number-columns-repeated", 1))
            if _VALUE_TYPE in attributes:
                self.last_row = max(self.last_row, self._row)
                self.last_column = max(self.last_column, self._column)
