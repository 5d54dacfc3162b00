"""Workbooks that are too large to be read at once."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from model.errors import DataError
from model.tables import spreadsheet_limits
from model.tables.large_workbook import LargeWorkbook
from model.tables.spreadsheet_rows import SpreadsheetRows
from tests.support.spreadsheets import write_xlsx

SHEETS: dict[str, list[list[str | float]]] = {
    "Empty": [],
    "Data": [[], ["text", "n", "intent"], ["hello", 1], [], ["bye", 2.5, "leave", "more"], ["", 3]],
}


def replace_in_sheet(path: Path, old: str, new: str) -> None:
    """Write a workbook anew with another text in its second sheet."""
    with ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet2.xml"
    files[sheet] = files[sheet].replace(old.encode(), new.encode())
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A workbook of more cells than are read at once."""
    monkeypatch.setattr(spreadsheet_limits, "MAX_CELLS_AT_ONCE", 1)
    return write_xlsx(tmp_path / "in.xlsx", SHEETS)


def test_rows_are_those_of_a_small_workbook(path, monkeypatch):
    """Both libraries give the same rows, of the same lines."""
    with closing(SpreadsheetRows(path, path)) as rows:
        large = list(rows)
        assert isinstance(rows._workbook, LargeWorkbook)
        assert (rows.sheet, rows.other_sheets, rows.size) == ("Data", ("Empty",), None)
    monkeypatch.undo()
    with closing(SpreadsheetRows(path.read_bytes(), path)) as rows:
        small = list(rows)

    assert [(line, cells[:3]) for line, cells in small] == [
        (line, cells[:3]) for line, cells in large
    ]
    assert large == [
        (2, ["text", "n", "intent"]),
        (3, ["hello", "1", ""]),
        (5, ["bye", "2.5", "leave", "more"]),
        (6, ["", "3", ""]),
    ]


@pytest.mark.parametrize("reference", ["A1", "A1:B2"])
def test_wrong_size_of_a_sheet_is_ignored(path, reference):
    """Many programs write one of another sheet, or of an empty one."""
    replace_in_sheet(path, "<sheetData>", f'<dimension ref="{reference}"/><sheetData>')

    with closing(SpreadsheetRows(path, path)) as rows:
        assert [line for line, _ in rows] == [2, 3, 5, 6]


def test_entity_of_another_file_is_not_read(path, tmp_path):
    """A document type that names a file is an error, or nothing."""
    (tmp_path / "secret.txt").write_text("secret")
    declaration = f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{tmp_path}/secret.txt">]><worksheet'
    replace_in_sheet(path, "<worksheet", declaration)
    replace_in_sheet(path, "hello", "&e;")

    with (
        pytest.raises(DataError, match="is no readable spreadsheet: undefined entity"),
        closing(SpreadsheetRows(path, path)) as rows,
    ):
        list(rows)


def test_cell_that_is_not_in_the_file_is_empty(path):
    """Programs leave out cells without a value."""
    replace_in_sheet(path, '<c r="A3" t="inlineStr"><is><t>hello</t></is></c>', "")

    with closing(SpreadsheetRows(path, path)) as rows:
        assert list(rows)[1] == (3, ["", "1", ""])
