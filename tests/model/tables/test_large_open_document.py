"""OpenDocument workbooks that are too large to be read at once."""

from __future__ import annotations

from contextlib import closing

import pytest

from model.errors import DataError
from model.tables import spreadsheet_limits
from model.tables.large_open_document import LargeOpenDocument
from model.tables.spreadsheet_rows import SpreadsheetRows
from tests.support.spreadsheets import replace_in_ods, write_ods

SHEETS: dict[str, list[list[str | float]]] = {
    "Empty": [],
    "Data": [[], ["text", "n", "intent"], ["hello", 1], [], ["bye", 2.5, "leave", "more"], ["", 3]],
    "Other": [["other", "rows"]],
}
CELL = "<table:table-cell"


@pytest.fixture
def path(tmp_path):
    """A workbook of three sheets."""
    return write_ods(tmp_path / "in.ods", SHEETS)


def rows_of(path, monkeypatch, *, at_once: int) -> list[tuple[int, list[str]]]:
    """Read the first sheet that has cells."""
    monkeypatch.setattr(spreadsheet_limits, "MAX_CELLS_AT_ONCE", at_once)
    with closing(SpreadsheetRows(path, path)) as rows:
        assert isinstance(rows._workbook, LargeOpenDocument) is (at_once == 1)
        return list(rows)


def test_rows_are_those_of_a_small_workbook(path, monkeypatch):
    """The rows and their numbers are the same; only cells behind the last value are left out."""
    small, large = (rows_of(path, monkeypatch, at_once=count) for count in (1000, 1))

    assert [(line, cells[:3]) for line, cells in small] == [
        (line, cells[:3]) for line, cells in large
    ]
    assert large == [
        (2, ["text", "n", "intent"]),
        (3, ["hello", "1", ""]),
        (5, ["bye", "2.5", "leave", "more"]),
        (6, ["", "3", ""]),
    ]


def test_sheet_can_be_named(path, monkeypatch):
    """Its name is known before its rows are read, their number is not."""
    monkeypatch.setattr(spreadsheet_limits, "MAX_CELLS_AT_ONCE", 1)
    with closing(SpreadsheetRows(path, path, sheet="Other")) as rows:
        assert (rows.other_sheets, rows.size) == (("Empty", "Data"), None)
        assert list(rows) == [(1, ["other", "rows"])]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        pytest.param(f'{CELL} office:value-type="percentage" office:value="0.5"/>', "0.5", id="%"),
        pytest.param(
            f'{CELL} office:value-type="boolean" office:boolean-value="true"/>', "True", id="yes"
        ),
        pytest.param(
            f'{CELL} office:value-type="date" office:date-value="2026-11-28T09:30:00"/>',
            "2026-11-28 09:30:00",
            id="date",
        ),
        pytest.param(
            f'{CELL} office:value-type="string" office:string-value="as it is"/>',
            "as it is",
            id="string-value",
        ),
        pytest.param(
            f'{CELL} office:value-type="string"><text:p>one<text:s text:c="2"/>two</text:p>'
            "<text:p>a<text:tab/>b<text:line-break/>c <text:span>d</text:span>!</text:p>"
            "</table:table-cell>",
            "one  two\na\tb\nc d!",
            id="paragraphs",
        ),
        pytest.param(
            f'{CELL} office:value-type="string"><office:annotation><text:p>x</text:p>'
            "</office:annotation><text:p>hi<office:annotation>y</office:annotation></text:p>"
            "</table:table-cell>",
            "hi",
            id="comments",
        ),
    ],
)
def test_cell_is_read_as_it_is_shown(path, monkeypatch, cell, text):
    """Values of each kind, and the text of all paragraphs; comments are no text."""
    hello = f'{CELL} office:value-type="string"><text:p>hello</text:p></table:table-cell>'
    replace_in_ods(path, hello, cell)

    assert rows_of(path, monkeypatch, at_once=1)[1] == (3, [text, "1", ""])


def test_repeated_rows_and_cells_are_read_as_often(path, monkeypatch):
    """One element can stand for many; without a value it takes no memory."""
    hello = f'{CELL} office:value-type="string"><text:p>hello</text:p></table:table-cell>'
    twice = hello.replace(CELL, f'{CELL} table:number-columns-repeated="2"')
    blank_cells = f'{CELL} table:number-columns-repeated="16384"/>'
    blank_rows = f'<table:table-row table:number-rows-repeated="1000">{CELL}/></table:table-row>'
    one = f'{CELL} office:value-type="float" office:value="1"/>'
    replace_in_ods(
        path,
        f"<table:table-row>{hello}{one}",
        f'{blank_rows}<table:table-row table:number-rows-repeated="3">{twice}{one}{blank_cells}',
    )

    rows = rows_of(path, monkeypatch, at_once=1)

    assert rows[1:4] == [(line, ["hello", "hello", "1"]) for line in (1003, 1004, 1005)]
    assert rows[4][0] == 1007


@pytest.mark.parametrize(
    "entities",
    [
        pytest.param('<!ENTITY e SYSTEM "file:///etc/passwd">', id="another-file"),
        pytest.param(
            '<!ENTITY a "0123456789">'
            + "".join(
                f'<!ENTITY {new} "{f"&{old};" * 99}">'
                for old, new in zip("abcd", "bcde", strict=True)
            ),
            id="growth",
        ),
    ],
)
def test_entities_of_other_files_and_sizes_are_refused(path, monkeypatch, entities):
    """A document type can neither read files nor fill the memory."""
    start = "<office:document-content"
    replace_in_ods(path, f"{start} ", f"<!DOCTYPE x [{entities}]>{start} ")
    replace_in_ods(path, "hello", "&e;")
    monkeypatch.setattr("model.tables.spreadsheet_rows.is_large", lambda *_: True)

    with pytest.raises(DataError, match="is no readable spreadsheet: "):
        SpreadsheetRows(path, path)
