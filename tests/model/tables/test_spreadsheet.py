from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from unittest.mock import Mock

import pytest

from model.errors import DataError
from model.tables.spreadsheet_rows import SpreadsheetRows
from model.tables.table import CHUNK_ROWS
from tests.support.spreadsheets import write_ods, write_xlsx

ROWS: list[list[str | float]] = [
    ["Message", "n"],
    ["hello", 1],
    [],
    ["", 2],
    ["reset my password", 2.5],
]


@pytest.mark.parametrize(
    ("name", "write"),
    [pytest.param("in.xlsx", write_xlsx, id="xlsx"), pytest.param("in.ods", write_ods, id="ods")],
)
def test_labelled_rows_are_written_as_csv(label, name, write):
    """The rows of the first filled sheet come out as CSV, with all cells and the labels."""
    write(Path(name), {"Empty": [], "Data": ROWS})

    code, errors = label(name, "out.csv")

    assert code == 3
    assert f"note: {name}: sheet Data is read; --sheet chooses another one of Empty" in errors
    header, first, second = Path("out.csv").read_text().splitlines()
    assert header == "Message,n,intent,confidence"
    assert first.startswith("hello,1,greeting,")
    assert second.startswith("reset my password,2.5,password_reset,")
    assert Path("out.rejected.csv").read_text().splitlines()[1] == '4,text is empty,",2"'


def test_alternatives_are_a_cell_of_json(label):
    """The ranking is one cell, as in CSV."""
    write_xlsx(Path("in.xlsx"), {"Data": [["text"], ["hello"]]})

    assert label("in.xlsx", "out.csv", "--top-k", "1")[0] == 0
    assert '"[{""intent"": ""greeting""' in Path("out.csv").read_text()


def test_one_column_needs_no_header(label):
    """A sheet of one column whose first cell is no usual name holds texts from the first row on."""
    write_xlsx(Path("in.xlsx"), {"Data": [["hello"], ["good morning"]]})

    code, errors = label("in.xlsx", "out.csv")

    assert code == 0
    assert "has no header: column 1 is read as the text" in errors
    assert len(Path("out.csv").read_text().splitlines()) == 2


def test_header_may_follow_a_title(label):
    """The title is left out of the output, and a note says so."""
    write_xlsx(Path("in.xlsx"), {"Data": [["Mail of May"], ["id", "Mail"], ["1", "hello"]]})

    code, errors = label("in.xlsx", "out.csv", "--column", "mail")

    assert code == 0
    assert "note: in.xlsx: the header is line 2; what is above it is left out" in errors
    assert Path("out.csv").read_text().splitlines()[0] == "id,Mail,intent,confidence"


def test_sheet_without_the_chosen_column_is_refused(label):
    """A cover sheet is not labelled instead; the message says how to choose the other sheet."""
    write_xlsx(Path("in.xlsx"), {"Cover": [["Our tickets"]], "Data": [["Nachricht"], ["hello"]]})

    code, errors = label("in.xlsx", "out.csv", "--column", "Nachricht")

    assert code == 1
    assert errors == (
        "error: in.xlsx:1: no column Nachricht: found Our tickets; "
        "--column chooses by name or number; --sheet chooses another one of Data\n"
    )
    assert not Path("out.csv").exists()


def test_chosen_sheet_is_labelled(label):
    """--sheet reads a sheet by its name, as in training."""
    write_xlsx(Path("in.xlsx"), {"Cover": [["Our tickets"]], "Data": [["Nachricht"], ["hello"]]})

    code, errors = label("in.xlsx", "out.csv", "--column", "Nachricht", "--sheet", "Data")

    assert code == 0
    assert "sheet Data is read; --sheet chooses another one of Cover" in errors
    assert Path("out.csv").read_text().splitlines()[1].startswith("hello,greeting,")


def test_first_row_of_a_wide_sheet_is_not_lost(label):
    """A column of a number needs no header, as in CSV."""
    rows: list[list[str | float]] = [[0, "hello", "a"], [1, "reset my password", "b"]]
    write_xlsx(Path("in.xlsx"), {"Data": rows})

    code, errors = label("in.xlsx", "out.csv", "--column", "2")

    assert code == 0
    assert "has no header: column 2 is read as the text" in errors
    assert Path("out.csv").read_text().splitlines()[0].startswith("0,hello,a,greeting,")


def test_long_sheet_is_labelled_in_chunks(label):
    """All rows come out, in their order."""
    rows: list[list[str | float]] = [[f"hello {number}"] for number in range(CHUNK_ROWS + 2)]
    write_xlsx(Path("in.xlsx"), {"Data": [["text"], *rows]})

    assert label("in.xlsx", "out.csv")[0] == 0
    texts = [line.split(",")[0] for line in Path("out.csv").read_text().splitlines()]
    assert texts == ["text", *(row[0] for row in rows)]


def test_output_has_to_be_csv(label):
    """A workbook can't be written."""
    write_xlsx(Path("in.xlsx"), {"Data": ROWS})

    assert label("in.xlsx", "out.xlsx") == (
        1,
        "error: out.xlsx: is xlsx, and the input xlsx; it must be csv\n",
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"PK\x03\x04", "is no readable spreadsheet", id="no-archive"),
        pytest.param(b"text", "is no readable spreadsheet", id="text"),
    ],
)
def test_broken_file_is_refused(label, content, message):
    """A file that is no spreadsheet is an error that names it."""
    Path("in.xlsx").write_bytes(content)

    code, errors = label("in.xlsx", "out.csv")

    assert code == 1
    assert errors.startswith(f"error: in.xlsx: {message}")


def test_empty_workbook_is_refused(label):
    """A workbook without cells is an error."""
    write_xlsx(Path("in.xlsx"), {"Data": []})

    assert label("in.xlsx", "out.csv") == (1, "error: in.xlsx: holds no cells\n")


def test_panic_of_the_reader_is_an_error(label, monkeypatch):
    """Calamine's panics are no subclass of Exception."""

    class PanicException(BaseException):
        """As pyo3 defines it, which exports no name of it."""

    workbook = Mock(from_filelike=Mock(side_effect=PanicException("index out of bounds")))
    monkeypatch.setattr("python_calamine.CalamineWorkbook", workbook)
    write_xlsx(Path("in.xlsx"), {"Data": ROWS})

    assert label("in.xlsx", "out.csv") == (
        1,
        "error: in.xlsx: is no readable spreadsheet: index out of bounds\n",
    )


def test_interruption_of_the_reader_is_no_error(tmp_path, monkeypatch):
    """Only what calamine raises is an error of the file."""
    workbook = Mock(from_filelike=Mock(side_effect=KeyboardInterrupt))
    monkeypatch.setattr("python_calamine.CalamineWorkbook", workbook)
    path = write_xlsx(tmp_path / "in.xlsx", {"Data": ROWS})

    with pytest.raises(KeyboardInterrupt):
        SpreadsheetRows(path, path)


def test_missing_package_is_named(label, monkeypatch):
    """Without python-calamine, the message says how to install it."""
    monkeypatch.setitem(sys.modules, "model.tables.spreadsheet", None)
    write_xlsx(Path("in.xlsx"), {"Data": ROWS})

    code, errors = label("in.xlsx", "out.csv")

    assert code == 1
    assert "pip install --requirement requirements/spreadsheets.txt" in errors


def test_sheet_is_chosen_by_name(tmp_path):
    """A named sheet is read although an earlier one has cells; an unknown one is refused."""
    path = write_xlsx(tmp_path / "in.xlsx", {"First": [["a"]], "Second": [["b"]]})

    with closing(SpreadsheetRows(path, path, "Second")) as rows:
        assert list(rows) == [(1, ["b"])]
    with pytest.raises(DataError, match="has no sheet Third: found First, Second"):
        SpreadsheetRows(path, path, "Third")


def test_damage_behind_the_first_rows_is_an_error(tmp_path, monkeypatch):
    """A row that can't be read is an error of the file, wherever it is."""

    def rows(_self, _name):
        yield ["text"]
        message = "broken"
        raise ValueError(message)

    monkeypatch.setattr("model.tables.spreadsheet_rows.SmallWorkbook.rows", rows)
    path = write_xlsx(tmp_path / "in.xlsx", {"Data": ROWS})

    with (
        closing(SpreadsheetRows(path, path)) as sheet,
        pytest.raises(DataError, match="is no readable spreadsheet: broken"),
    ):
        list(sheet)
