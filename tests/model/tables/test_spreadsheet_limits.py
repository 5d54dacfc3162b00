"""Spreadsheets that would fill the memory."""

from __future__ import annotations

import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from model.errors import DataError
from model.tables import spreadsheet_limits
from model.tables.spreadsheet_limits import BLOCK_BYTES, is_large
from model.tables.spreadsheet_rows import SpreadsheetRows
from tests.support.spreadsheets import replace_in_ods, write_ods


def write_sheet(path: Path, xml: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", xml)
    return path


def size_of(path: Path) -> bool:
    with path.open("rb") as file:
        return is_large(file, path)


@pytest.mark.parametrize(
    ("xml", "place"),
    [
        pytest.param(
            '<c r="A1"/><c r="XFD1048576"/>', "row 1048576 and up to column 16384", id="one"
        ),
        pytest.param(
            '<row r="1048576"/><c r="iw1"/>', "row 1048576 and up to column 257", id="row"
        ),
        pytest.param("<c\n r = 'XFD99999'/>", "row 99999 and up to column 16384", id="spaces"),
        pytest.param(
            f'{" " * (BLOCK_BYTES - 12)}<c r="XFD99999"/>',
            "row 99999 and up to column 16384",
            id="across-blocks",
        ),
        pytest.param(
            '<x:c s="1" r="ABCD1"/>', "row 10000000 and up to column 17576", id="no-such-column"
        ),
        pytest.param(
            f'<row\nr="{"9" * 5000}"/>', "row 10000000 and up to column 17576", id="no-such-row"
        ),
    ],
)
def test_far_cells_are_refused(tmp_path, xml, place):
    """Two cells can span more places than there is memory for."""
    with pytest.raises(DataError, match=f"in.xlsx: has cells down to {place}"):
        size_of(write_sheet(tmp_path / "in.xlsx", xml))


@pytest.mark.parametrize(
    ("xml", "expected"),
    [
        pytest.param('<c r="A1048576"/>', False, id="long"),
        pytest.param('<c r="XFD200"/>', False, id="wide"),
        pytest.param('<c r="A1"/><c r="E1048576"/>', True, id="long-and-wide"),
        pytest.param('<rect l="abcd1" r="abcd1"/>', False, id="shape"),
        pytest.param("no XML", False, id="other"),
    ],
)
def test_rows_of_a_large_sheet_are_streamed(tmp_path, xml, expected):
    """A sheet is large by the rectangle that its cells span."""
    assert size_of(write_sheet(tmp_path / "in.xlsx", xml)) is expected


def test_rows_of_a_long_file_are_streamed(tmp_path, monkeypatch):
    """A workbook is large by its bytes as well: cells can hold long texts."""
    monkeypatch.setattr(spreadsheet_limits, "MAX_BYTES_AT_ONCE", 100)

    assert size_of(write_sheet(tmp_path / "in.xlsx", "x" * 101))


def test_unpacked_size_is_bounded(tmp_path, monkeypatch):
    """A small archive can unpack to any size."""
    monkeypatch.setattr(spreadsheet_limits, "MAX_UNPACKED_BYTES", 100)

    with pytest.raises(DataError, match="unpacks to more than 0 MiB"):
        size_of(write_sheet(tmp_path / "in.xlsx", "x" * 101))


def test_other_files_are_left_to_the_reader(tmp_path):
    """A file that is no archive, such as .xls, is not judged here."""
    path = tmp_path / "in.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0")

    assert not size_of(path)


@pytest.mark.parametrize(
    ("rows", "columns", "place"),
    [
        pytest.param(1_000_000, 999, "row 1000001 and up to column 999", id="rows"),
        pytest.param(4_000_000_000, 1, "row 4000000001 and up to column 2", id="beyond-a-sheet"),
    ],
)
def test_repeated_cells_of_open_document_are_refused(tmp_path, rows, columns, place):
    """One element stands for any number of cells, which calamine all keeps."""
    path = write_repeated(tmp_path / "in.ods", rows, columns, ' office:value-type="string"')

    with pytest.raises(DataError, match=f"in.ods: has cells down to {place}"):
        size_of(path)


def test_repeated_empty_cells_of_open_document_pass(tmp_path):
    """Programs fill the sheet with them behind the last cell."""
    path = write_repeated(tmp_path / "in.ods", 1_048_574, 16_384, "")

    assert not size_of(path)
    with closing(SpreadsheetRows(path, path)) as rows:
        assert list(rows) == [(1, ["text", "intent"])]


def write_repeated(path: Path, rows: int, columns: int, attributes: str) -> Path:
    """Write a header, and a cell that is repeated."""
    write_ods(path, {"Data": [["text", "intent"], ["REPEATED"]]})
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    content, _, _ = files["content.xml"].rpartition("<table:table-row>")
    repeated = (
        f'<table:table-row table:number-rows-repeated="{rows}">'
        f'<table:table-cell table:number-columns-repeated="{columns}"{attributes}/>'
        "</table:table-row></table:table></office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in (files | {"content.xml": content + repeated}).items():
            archive.writestr(name, text)
    return path


def test_row_that_is_repeated_beyond_all_sheets_is_refused(tmp_path):
    """A small file can stand for hundreds of millions of rows."""
    path = write_ods(tmp_path / "in.ods", {"Data": [["hi", "greet"]]})
    row = "<table:table-row>"
    replace_in_ods(path, row, row.replace(">", ' table:number-rows-repeated="260000000">'))

    with pytest.raises(DataError, match="has cells down to row 260000000 and up to column 2"):
        size_of(path)
