"""Spreadsheets that would fill the memory."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from model.errors import DataError
from model.tables import spreadsheet_limits
from model.tables.spreadsheet_limits import BLOCK_BYTES, check_size
from model.tables.spreadsheet_rows import SpreadsheetRows


def write_sheet(path: Path, xml: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", xml)
    return path


@pytest.mark.parametrize(
    ("xml", "place"),
    [
        pytest.param(
            '<c r="A1"/><c r="XFD1048576"/>', "row 1048576 and up to column 16384", id="one"
        ),
        pytest.param('<row r="1048576"/><c r="bb1"/>', "row 1048576 and up to column 54", id="row"),
        pytest.param("<c\n r = 'ZZ99999'/>", "row 99999 and up to column 702", id="spaces"),
        pytest.param(
            f'{" " * (BLOCK_BYTES - 12)}<c r="XFD99999"/>',
            "row 99999 and up to column 16384",
            id="across-blocks",
        ),
    ],
)
def test_far_cells_are_refused(tmp_path, xml, place):
    """Two cells can span more places than there is memory for."""
    with pytest.raises(DataError, match=f"in.xlsx: has cells down to {place}"):
        SpreadsheetRows(write_sheet(tmp_path / "in.xlsx", xml))


@pytest.mark.parametrize(
    "xml",
    [
        pytest.param('<c r="A1048576"/>', id="long"),
        pytest.param('<c r="XFD2000"/>', id="wide"),
        pytest.param("no XML", id="other"),
    ],
)
def test_long_or_wide_sheets_pass(tmp_path, xml):
    """A sheet may have all rows, or all columns."""
    check_size(write_sheet(tmp_path / "in.xlsx", xml))


def test_unpacked_size_is_bounded(tmp_path, monkeypatch):
    """A small archive can unpack to any size."""
    monkeypatch.setattr(spreadsheet_limits, "MAX_UNPACKED_BYTES", 100)

    with pytest.raises(DataError, match="unpacks to more than 0 MiB"):
        check_size(write_sheet(tmp_path / "in.xlsx", "x" * 101))


def test_other_files_are_left_to_the_reader(tmp_path):
    """What is no archive, as an .xls file, is not judged here."""
    path = tmp_path / "in.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0")

    check_size(path)
