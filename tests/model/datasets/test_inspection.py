"""The survey of files, folders and archives."""

from __future__ import annotations

import gzip
import json
import zipfile

import pytest

from model.datasets import inspection, large_table
from model.datasets.documents.document import ReadOptions
from model.datasets.inspection import inspect, size_of
from model.datasets.parts import read_parts

TABLE = "text,intent\nhi,a\nHI,b\nyou,None\n,b\n"


def ignore(_count, _entries):
    pass


@pytest.fixture(params=["one-by-one", "in-blocks"])
def _each_way(request, monkeypatch):
    """Read tables entry by entry, and in blocks."""
    monkeypatch.setattr(inspection, "LARGE_BYTES", 1 if request.param == "in-blocks" else 10**9)
    monkeypatch.setattr(large_table, "BLOCK_BYTES", 10)


@pytest.mark.usefixtures("_each_way")
def test_options_count_in_tables_of_any_size(tmp_path):
    """Out-of-scope intents, and entries to leave out."""
    path = tmp_path / "data.csv"
    path.write_text(TABLE)
    options = ReadOptions(out_of_scope_intents=("none",), leave_out_unreadable=True)

    formats, survey = inspect(path, options, ignore)

    assert formats == ("CSV or TSV",)
    assert survey.intents == {"a": 1, "b": 1, "out_of_scope": 1}
    assert [str(note) for note in survey.notes.kept] == [f"{path}:5: no text; left out"]
    assert [twin.line for twin in survey.twins()] == [3]


def test_files_beside_train_are_named(tmp_path):
    """No utterance is lost silently; files that hold none are not mentioned."""
    for name in ("train.csv", "dev.csv", "old train.csv"):
        (tmp_path / name).write_text("text,intent\nhi,greet\n")
    others = ("README.md", "~$train.xlsx", "intent_descriptions.csv")
    for name in ("model.pkl", "test.csv.zst", "test.zip", *others):
        (tmp_path / name).write_text("x")

    _, survey = inspect(tmp_path, ReadOptions(), ignore)

    message = (
        f"{tmp_path}: left out: dev.csv, model.pkl, old train.csv, test.csv.zst, test.zip; beside "
        "train, only test, out_of_scope_validation, out_of_scope_test are read"
    )
    assert [str(each) for each in survey.notes.kept] == [message]
    assert [str(each) for each in read_parts(tmp_path, ReadOptions()).notes] == [message]


@pytest.mark.usefixtures("_each_way")
def test_text_of_the_test_is_no_repetition(tmp_path):
    """The parts of a folder within the folder are told apart as those of a data set are."""
    (tmp_path / "splits").mkdir()
    for part in ("train", "test"):
        (tmp_path / "splits" / f"{part}.csv").write_text("text,intent\nhi,greet\n")

    _, survey = inspect(tmp_path, ReadOptions(), ignore)

    assert (survey.rows, survey.repetitions) == (2, 0)


@pytest.mark.usefixtures("_each_way")
def test_out_of_scope_texts_without_intents_are_counted(tmp_path):
    """A table of texts alone, of any size."""
    for name, header in (("train", "text,intent"), ("out_of_scope_test", "id,text")):
        (tmp_path / f"{name}.csv").write_text(f"{header}\nhi,greet\nyou,greet\n")

    _, survey = inspect(tmp_path, ReadOptions(), ignore)

    assert survey.intents == {"greet": 2, "out_of_scope": 2}


@pytest.mark.usefixtures("_each_way")
def test_cells_quoted_behind_a_space_are_quoted(tmp_path):
    """The quick way through a table leaves them to the other one."""
    path = tmp_path / "data.csv"
    path.write_text('text,intent\n"hi, you", "a"\n"x", b\n')

    _, survey = inspect(path, ReadOptions(), ignore)

    assert survey.intents == {"a": 1, "b": 1}


@pytest.mark.usefixtures("_each_way")
def test_repeated_header_is_not_counted(tmp_path):
    """Nor is it a problem."""
    path = tmp_path / "data.csv"
    path.write_text("text,intent\nhi,a\n" * 3)

    _, survey = inspect(path, ReadOptions(), ignore)

    assert survey.intents == {"a": 3}
    assert survey.problems.kept == []


@pytest.mark.usefixtures("_each_way")
def test_lists_of_labels_are_found(tmp_path):
    """The quick way through a table takes them for no names of intents either."""
    path = tmp_path / "data.csv"
    path.write_text("text,intent\nhi,['a']\nyou,\"['a', 'b']\"\n")

    _, survey = inspect(path, ReadOptions(), ignore)

    assert survey.intents == {"a": 1}
    assert [problem.message for problem in survey.problems.kept] == [
        "has several intents: a, b; an utterance has one intent"
    ]


def test_gzipped_files_are_parts(tmp_path):
    """Their names are those without the suffix."""
    for part in ("train", "test"):
        (tmp_path / f"{part}.csv.gz").write_bytes(gzip.compress(b"text,intent\nhi,greet\n"))

    examples = read_parts(tmp_path, ReadOptions()).examples

    assert {part: len(each) for part, each in examples.items() if each} == {"train": 1, "test": 1}


def test_split_of_a_file_is_a_part(tmp_path):
    """The test utterances in ``train.json`` are not trained on."""
    record = {"text": "hi", "intent": "greet"}
    (tmp_path / "train.json").write_text(json.dumps({"train": [record], "test": [record]}))

    examples = read_parts(tmp_path, ReadOptions()).examples

    assert {part: len(each) for part, each in examples.items() if each} == {"train": 1, "test": 1}


@pytest.mark.usefixtures("_each_way")
def test_files_of_parts_are_compared_by_themselves(tmp_path):
    """An utterance of the test is no repetition of one of the training data."""
    for part in ("train", "test"):
        (tmp_path / f"{part}.csv").write_text("text,intent\nhi,a\n")

    _, survey = inspect(tmp_path, ReadOptions(), ignore)

    assert (survey.rows, survey.repetitions) == (2, 0)


@pytest.mark.usefixtures("_each_way")
def test_missing_column_is_a_problem(tmp_path):
    """The other files are read."""
    (tmp_path / "a.csv").write_text("x,y,z\n1,2,3\n")
    (tmp_path / "b.csv").write_text(TABLE)

    _, survey = inspect(tmp_path, ReadOptions(), ignore)

    assert survey.problems.kept[0].message.startswith("no column text and no column intent")
    assert survey.rows == 3


def test_numbered_labels_get_their_names_in_blocks(tmp_path, monkeypatch):
    """As they do in smaller tables."""
    monkeypatch.setattr(inspection, "LARGE_BYTES", 1)
    (tmp_path / "data.csv").write_text("text,label\nhi,0\nyou,1\n")
    feature = {"label": {"names": ["Greet", "Point"]}}
    (tmp_path / "dataset_info.json").write_text(json.dumps({"features": feature}))

    _, survey = inspect(tmp_path / "data.csv", ReadOptions(), ignore)

    assert survey.intents == {"Greet": 1, "Point": 1}


def test_progress_counts_bytes_and_entries(tmp_path, monkeypatch):
    """Of files in an archive, the entries."""
    monkeypatch.setattr(inspection, "STEP", 2)
    (tmp_path / "data.json").write_text(json.dumps([["hi", "a"]] * 5))
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        archive.write(tmp_path / "data.json", "data.json")
    calls: list[tuple[int, int]] = []

    inspect(tmp_path / "data.json", ReadOptions(), lambda *each: calls.append(each))
    inspect(tmp_path / "data.zip", ReadOptions(), lambda *each: calls.append(each))

    size = (tmp_path / "data.json").stat().st_size
    assert calls == [(0, 2), (0, 2), (size, 0), (0, 2), (0, 2), (0, 0)]
    assert size_of(tmp_path) == size + (tmp_path / "data.zip").stat().st_size
    assert size_of(tmp_path / "gone") == 0


@pytest.mark.parametrize("content", ["text,intent\n", '{"intents": []}'])
def test_file_without_utterances_is_a_problem(tmp_path, content):
    """It is named, whether it is of a known format or not."""
    path = tmp_path / "data.csv"
    path.write_text(content)

    _, survey = inspect(path, ReadOptions(), ignore)

    assert len(survey.problems.kept) == 1


def test_remarks_of_a_folder_are_notes(tmp_path):
    """Files that are no data, and entries that training does not use."""
    intents = [{"tag": "greet", "patterns": ["hi"], "responses": ["hello"]}]
    (tmp_path / "intents.json").write_text(json.dumps({"intents": intents}))
    (tmp_path / "notes.md").write_text("nothing")

    _, survey = inspect(tmp_path, ReadOptions(), ignore)

    assert [note.message for note in survey.notes.kept] == [
        "left out, as no training data: notes.md",
        "left out: responses (1)",
    ]


@pytest.mark.usefixtures("_each_way")
@pytest.mark.parametrize("name", ["data.csv", "train.csv"])
def test_row_of_the_test_is_no_repetition(tmp_path, name):
    """A column tells the parts of a table of any size apart, as files do; all rows count."""
    path = tmp_path / name
    path.write_text("text,intent,split\nhi,greet,train\nhi,greet,test\nhi,greet,test\n")

    _, survey = inspect(tmp_path, ReadOptions(), ignore)

    assert (survey.rows, survey.repetitions) == (3, 1)
    [note] = survey.notes.kept
    assert note.message.startswith("column split names the part of each row: 1 train, 2 test")
