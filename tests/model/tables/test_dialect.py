from __future__ import annotations

from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("content", "header"),
    [
        pytest.param("text;n\nhello, you;1\n", "text;n;intent;confidence", id="semicolons"),
        pytest.param("sep=;\ntext;n\nhello;1\n", "text;n;intent;confidence", id="separator-line"),
        pytest.param("text\tn\nhello\t1\n", "text\tn\tintent\tconfidence", id="tabs-in-csv"),
        pytest.param("Text,n\nhello,1\n", "Text,n,intent,confidence", id="case"),
        pytest.param("id,User Message\n1,hello\n", "id,User Message,intent,confidence", id="words"),
        pytest.param(
            '"n", "text"\n1, "hello, you"\n', '"n", "text",intent,confidence', id="spaces"
        ),
        pytest.param('"n";"TEXT"\n1;"hello"\n', '"n";"TEXT";intent;confidence', id="quoted"),
    ],
)
def test_table_is_read_in_its_own_dialect(label, content, header):
    """Delimiters and usual names of columns are found, and the output keeps the dialect."""
    Path("in.csv").write_text(content)

    assert label("in.csv", "out.csv")[0] == 0
    lines = Path("out.csv").read_text().splitlines()
    assert lines[0] == header
    assert len(lines) == 2


@pytest.mark.parametrize(
    ("content", "place"),
    [
        pytest.param("hello\ngood morning\n", 1, id="one-column"),
        pytest.param("where is it,order\nwhere now,order\n", 1, id="text-first"),
        pytest.param("order,where is it\norder,where now\n", 2, id="text-second"),
        pytest.param("hello;you;there,a\n", 1, id="other-delimiters-in-texts"),
    ],
)
def test_table_without_header_is_announced(label, content, place):
    """The first row is a row like the others, and a note says which column holds the text."""
    Path("in.csv").write_text(content)

    code, errors = label("in.csv", "out.csv")

    assert code == 0
    assert f"note: in.csv: has no header: column {place} is read as the text" in errors
    assert len(Path("out.csv").read_text().splitlines()) == content.count("\n")


def test_the_only_column_needs_no_header_by_its_number_either(label):
    """Nothing but the rows says what it holds."""
    Path("in.csv").write_text("hello\ngood morning\n")

    assert label("in.csv", "out.csv", "--column", "1")[0] == 0
    assert len(Path("out.csv").read_text().splitlines()) == 2


def test_chosen_column_needs_a_header(label):
    """With --column, a first row without this name is an error."""
    Path("in.csv").write_text("a,b\nhello,1\n")

    assert label("in.csv", "out.csv", "--column", "message") == (
        1,
        "error: in.csv:1: no column message: found a, b; --column chooses by name or number\n",
    )


def test_column_can_be_chosen_by_number(label):
    """A column without a usable name has a number."""
    Path("in.csv").write_text("a,b,c\n1,hello,2\n")

    assert label("in.csv", "out.csv", "--column", "2")[0] == 0


@pytest.mark.parametrize(
    ("header", "note"),
    [
        pytest.param(
            "a,b",
            "note: in.csv: the first row is read as the header: column b is read as the text\n",
            id="name",
        ),
        pytest.param("id,text", "note: in.csv: column text is read as the text\n", id="usual-name"),
        pytest.param("id,", "", id="blank"),
    ],
)
def test_column_of_a_number_is_announced_by_its_name(label, header, note):
    """A blank name says nothing that the number does not say."""
    Path("in.csv").write_text(f"{header}\nx,hello\n")

    code, errors = label("in.csv", "out.csv", "--column", "2")

    assert code == 0
    assert errors.startswith(f"{note}Labelled 1 rows in out.csv")


@pytest.mark.parametrize("rows", ["0,hello\n1,you\n", "hello,yes,a\nyou,yes,b\n", "x,you\ny,you\n"])
def test_column_of_a_number_needs_no_header(label, rows):
    """A first row is labelled like the others where it holds a cell that no header has."""
    Path("in.csv").write_text(rows)

    code, errors = label("in.csv", "out.csv", "--column", "2")

    assert code == 0
    assert "note: in.csv: has no header: column 2 is read as the text" in errors
    assert len(Path("out.csv").read_text().splitlines()) == 2
