"""Refuse spreadsheets that would fill the memory.

calamine reads a whole sheet, and keeps a place for every cell of the rectangle that its outermost
cells span. A failed allocation in it ends the process.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from model.errors import DataError, Problem

MAX_UNPACKED_BYTES = 1024**3
MAX_CELLS = 32 * 1024**2
BLOCK_BYTES = 1024 * 1024
# Longer than any reference of a cell, which two blocks could share.
OVERLAP_BYTES = 64
_REFERENCE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{0,3})([0-9]{1,7})["']""")


def check_size(path: Path) -> None:
    """Return if a spreadsheet fits into the memory, or is none.

    Raises:
        DataError: it unpacks to too many bytes, or has cells too far from each other.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            problem = _problem_of(archive)
    except Exception:  # noqa: BLE001 - .xls is no archive; calamine names the damage of others
        return
    if problem:
        raise DataError([Problem(path, 0, problem)])


def _problem_of(archive: zipfile.ZipFile) -> str | None:
    members = archive.infolist()
    if sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
        return f"unpacks to more than {MAX_UNPACKED_BYTES >> 20} MiB"
    sheets = (member for member in members if member.filename.startswith("xl/worksheets/"))
    for sheet in sheets:
        rows, columns = _extent(archive, sheet)
        if rows * columns > MAX_CELLS:
            return (
                f"has cells down to row {rows} and up to column {columns}, too many for the memory;"
                " delete those outside of the table, or save the sheet as CSV"
            )
    return None


def _extent(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> tuple[int, int]:
    """Return the last row and the last column of a sheet that have cells."""
    rows, columns, rest = 1, 1, b""
    with archive.open(member) as sheet:
        while block := sheet.read(BLOCK_BYTES):
            for letters, number in _REFERENCE.findall(rest + block):
                rows, columns = max(rows, int(number)), max(columns, _column(letters))
            rest = block[-OVERLAP_BYTES:]
    return rows, columns


def _column(letters: bytes) -> int:
    """Return the number of a column from its letters, as 28 for AB."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
