"""Tables by their names, and streams."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from model.errors import DataError
from model.tables.opening import format_of, open_table, output_format
from model.tables.table import STREAM, Layout

TABLE = "text,n\nschön,1\n"


def texts_of(path: Path, kind: str) -> list[str]:
    with open_table(path, kind, Layout()) as table:
        return [text for chunk in table.chunks(table.start) for text in chunk.texts]


@pytest.mark.parametrize(
    ("name", "kind"), [("a.CSV", "csv"), ("a.parquet", "parquet"), ("a.xlsx", "xlsx")]
)
def test_format_is_that_of_the_name(name, kind):
    """Upper case makes no difference."""
    assert format_of(Path(name), "tsv") == kind


def test_format_of_a_stream_is_given():
    """A stream has no name."""
    assert format_of(STREAM, "tsv") == "tsv"


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_sheet_of_a_table_without_sheets_is_refused(kind):
    """Whoever asks for a sheet may have named the wrong file."""
    layout = Layout(sheet="Questions")
    with (
        pytest.raises(DataError, match=f"{kind} has no sheets; omit --sheet"),
        open_table(Path(f"a.{kind}"), kind, layout),
    ):
        pytest.fail("The table was opened")


def test_unknown_name_is_refused():
    """The message lists the names that are read."""
    with pytest.raises(DataError, match=r"a\.doc: is none of \.csv, \.tsv"):
        format_of(Path("a.doc"), "csv")


def test_labelled_spreadsheet_is_written_as_csv():
    """Other formats are written as they are read."""
    assert (output_format("ods"), output_format("jsonl")) == ("csv", "jsonl")


def test_missing_table_is_refused(tmp_path):
    """The message names the file."""
    with pytest.raises(DataError, match=r"gone\.csv: can't be read"):
        texts_of(tmp_path / "gone.csv", "csv")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
def test_standard_input_is_read(tmp_path, monkeypatch, encoding):
    """The first bytes show the encoding of a stream, which can't be read twice."""
    path = tmp_path / "in.csv"
    path.write_bytes(TABLE.encode(encoding))
    with path.open("rb") as file:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=file))

        assert texts_of(STREAM, "csv") == ["schön"]


def test_stream_without_a_look_ahead_is_utf8(monkeypatch):
    """An unbuffered stream can't be looked into."""
    reader, writer = os.pipe()
    os.write(writer, TABLE.encode())
    os.close(writer)
    with io.FileIO(reader) as file:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=file))

        assert texts_of(STREAM, "csv") == ["schön"]


def test_missing_package_is_named(monkeypatch):
    """Without pyarrow, the message says how to install it."""
    monkeypatch.setitem(sys.modules, "model.tables.parquet", None)

    with pytest.raises(DataError, match=r"pip install --requirement requirements/parquet\.txt"):
        texts_of(Path("in.parquet"), "parquet")
