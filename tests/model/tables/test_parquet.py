from __future__ import annotations

import datetime as dt
import errno
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from model.datasets.readers import read_examples
from model.errors import DataError
from model.inference.prediction import Prediction
from model.tables import parquet as parquet_module
from model.tables.parquet import ParquetTable
from model.tables.table import CHUNK_ROWS, Layout, Position
from tests.support.paths import ROOT


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(columns: dict, **options: object) -> None:
    parquet.write_table(pa.table(columns), "in.parquet", **options)


def test_labels_are_added_as_columns(label):
    """Other columns keep their types and values; rows without a text are rejected."""
    days = [dt.date(2026, 1, day) for day in (1, 2, 3)]
    texts = pa.array(["hello", None, "reset my password"]).dictionary_encode()
    write({"day": days, "text": texts})

    code, errors = label("in.parquet", "out.parquet", "--top-k", "1")

    table = parquet.read_table("out.parquet")
    assert code == 3
    assert errors.endswith("Rejected 1 rows: see out.rejected.jsonl\n")
    assert table["day"].to_pylist() == [days[0], days[2]]
    assert table["intent"].to_pylist() == ["greeting", "password_reset"]
    assert table["confidence"].type == pa.float64()
    assert table["alternatives"].to_pylist()[0] == [
        {"intent": "greeting", "confidence": table["confidence"][0].as_py()}
    ]
    assert Path("out.rejected.jsonl").read_text() == (
        '{"line": 2, "reason": "no text", "record": ""}\n'
    )
    assert not list(Path().glob("*.part"))


def test_reading_goes_on_at_any_row():
    """From each position on, the rows are the same: within batches and row groups, and between."""
    rows = 2 * CHUNK_ROWS + 300
    write({"text": [str(n) for n in range(rows)]}, row_group_size=CHUNK_ROWS + 200)
    table = ParquetTable(Path("in.parquet"), Layout())

    for offset in (0, 1, CHUNK_ROWS, CHUNK_ROWS + 200, CHUNK_ROWS + 201, rows):
        texts = [
            text for chunk in table.chunks(Position(offset, offset + 1)) for text in chunk.texts
        ]
        assert texts == [str(n) for n in range(offset, rows)]
    assert [chunk.end.offset for chunk in table.chunks(table.start)][-1] == table.size == rows


def test_many_rows_become_several_row_groups(label, monkeypatch):
    """The whole is put together with bounded memory."""
    monkeypatch.setattr(parquet_module, "ROW_GROUP_ROWS", CHUNK_ROWS)
    write({"text": ["hello"] * (2 * CHUNK_ROWS + 1)})

    label("in.parquet", "out.parquet")

    metadata = parquet.ParquetFile("out.parquet").metadata
    assert metadata.num_rows == 2 * CHUNK_ROWS + 1
    assert [metadata.row_group(number).num_rows for number in (0, 1, 2)] == [512, 512, 1]


def test_rejected_row_keeps_its_number_when_reading_goes_on():
    """Numbers count from the first row of the file."""
    write({"text": ["a", "b", "", "c"]})
    table = ParquetTable(Path("in.parquet"), Layout())

    [chunk] = table.chunks(Position(1, 2))

    assert [each.line for each in chunk.rejected] == [3]
    assert chunk.labelled([Prediction("x", 1.0)] * 2)


def test_file_that_is_none_is_refused(label):
    """A file that only has the name of one is refused."""
    Path("in.parquet").write_bytes(b"PAR1")

    assert label("in.parquet", "out.parquet") == (
        1,
        "error: in.parquet: is no readable Parquet file\n",
    )


def test_damaged_rows_are_an_error_of_the_input(label):
    """The footer of a file may be right, and its pages not."""
    write({"text": [f"hello {number}" for number in range(1000)]})
    content = bytearray(Path("in.parquet").read_bytes())
    content[100:2000] = bytes(1900)
    Path("in.parquet").write_bytes(content)

    assert label("in.parquet", "out.parquet") == (
        1,
        "error: in.parquet: is no readable Parquet file\n",
    )


def test_full_disk_at_the_end_leaves_a_run_to_resume(label, monkeypatch):
    """Labelled and rejected rows stay in their parts, and no half of a file stays."""
    write({"text": ["hello", "", "thanks"]})
    monkeypatch.setattr("model.bulk.sinks.COMMIT_EVERY_S", -1)
    with monkeypatch.context() as patch:
        patch.setattr(parquet_module, "_copy", _fails_for_want_of_space)
        assert label("in.parquet", "out.parquet") == (
            1,
            "error: out.parquet can't be written: No space left on device\n",
        )
    assert not list(Path().glob(".*"))

    code, errors = label("in.parquet", "out.parquet")

    assert code == 3
    assert errors.startswith("Resuming after 3 rows\n")
    assert parquet.read_table("out.parquet")["text"].to_pylist() == ["hello", "thanks"]
    assert Path("out.rejected.jsonl").read_text().count("\n") == 1


def _fails_for_want_of_space(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_missing_column_is_told(label):
    """The columns that there are, are named."""
    write({"a": [1]})

    assert label("in.parquet", "out.parquet") == (
        1,
        "error: in.parquet:1: no column text: found a; --column chooses by name or number\n",
    )


def test_missing_pyarrow_is_told_with_the_remedy(small_path, tmp_path):
    """Without the optional package there is one line that says how to install it."""
    (tmp_path / "in.parquet").touch()
    block = "import sys; sys.modules['pyarrow'] = None; from model.predict import main; "
    command = f"{block} sys.exit(main(sys.argv[1:]))"
    files = ["--input", str(tmp_path / "in.parquet"), "--output", str(tmp_path / "out.parquet")]

    done = subprocess.run(
        [sys.executable, "-c", command, *files, "--model", small_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr == (
        f"error: {files[1]}: is Parquet or Arrow, which needs pyarrow: "
        "pip install --requirement requirements/parquet.txt\n"
    )


@pytest.fixture
def not_utf8():
    """A file whose second text is not UTF-8: Arrow does not check what it is given."""
    texts = pa.array([b"hello", b"caf\xe9"]).view(pa.string())
    write({"text": texts, "intent": ["a", "b"]})
    return Path("in.parquet")


def test_text_that_is_not_utf8_is_an_error(label, not_utf8):
    """The damaged batch is named by its first row."""
    code, errors = label(str(not_utf8), "out.parquet", "--prefix", "model_")

    assert (code, errors) == (1, "error: in.parquet:1: is not UTF-8\n")


def test_labelled_text_that_is_not_utf8_is_an_error(not_utf8):
    """Training data in such a file is refused."""
    with pytest.raises(DataError, match=r"in\.parquet: is no readable Parquet or Arrow file"):
        read_examples(not_utf8)


def test_column_that_stands_twice_is_refused():
    """Columns of one name can't be told apart."""
    names = ["text", "text", "intent"]
    parquet.write_table(pa.table([["a"], ["b"], ["c"]], names=names), "in.parquet")

    with pytest.raises(DataError, match=r"in\.parquet: has several columns text"):
        read_examples(Path("in.parquet"))
