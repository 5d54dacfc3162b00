"""Columns that name the part of the data set that each row belongs to."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
from pyarrow import parquet

from model.datasets.dataset import load_dataset
from model.datasets.parts import read_parts
from model.datasets.readers import ReadOptions, read, read_examples
from model.datasets.records import Utterance, parse
from model.errors import DataError
from tests.support.spreadsheets import write_xlsx

Row = tuple[Any, ...]

NAMES = ("text", "intent", "split")
ROWS = (
    ("hi", "greet", "train"),
    ("bye", "leave", "test"),
    ("hello", "greet", "validation"),
    ("see you", "leave", "train"),
)
PARTS = {"train": ["hi", "see you"], "test": ["bye"], "validation": ["hello"]}
NOTE = (
    "column split names the part of each row: 2 train, 1 test, 1 validation (not trained on); "
    "rename the column to train on all rows"
)


def write_csv(path: Path, rows: Iterable[Row], names: Row = NAMES) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(",".join(map(str, row)) + "\n" for row in (names, *rows)))
    return path


def write_jsonl(path: Path, records: Iterable[Mapping[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def as_records(rows: Iterable[Row], names: Row = NAMES) -> list[dict[str, Any]]:
    return [dict(zip(names, row, strict=False)) for row in rows]


def parts_of(path: Path, **options: Any) -> dict[str, list[str]]:
    parts = read_parts(path, ReadOptions(**options))
    assert not parts.problems
    return {part: [one.text for one in each] for part, each in parts.examples.items() if each}


def write_parquet(path: Path) -> None:
    parquet.write_table(pa.Table.from_pylist(as_records(ROWS)), path)


def write_workbook(path: Path) -> None:
    workbook = openpyxl.Workbook()
    for row in (NAMES, *ROWS):
        workbook.active.append(row)
    workbook.save(path)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("data.csv", lambda path: write_csv(path, ROWS)),
        ("data.jsonl", lambda path: write_jsonl(path, as_records(ROWS))),
        ("data.json", lambda path: path.write_text(json.dumps(as_records(ROWS)))),
        ("data.parquet", write_parquet),
        ("data.xlsx", write_workbook),
    ],
)
def test_column_names_the_part_of_each_row(tmp_path, name, write):
    """Rows of the test and of validation are not trained on; a note counts the rows."""
    path = tmp_path / name
    write(path)

    assert parts_of(path) == PARTS
    assert f"{path}: {NOTE}" in map(str, read_parts(path, ReadOptions()).notes)


def test_validation_texts_of_a_table_are_neither_trained_on_nor_tested(tmp_path):
    """Settings are chosen by cross-validation, as beside a file of validation texts."""
    rows = [
        (f"{intent} {number}", intent, part)
        for intent in ("greet", "leave")
        for number, part in enumerate(["train"] * 4 + ["dev"] * 3 + ["test"] * 2)
    ]

    dataset = load_dataset(write_csv(tmp_path / "data.csv", rows), seed=0, test_size=0.5)

    assert [len(dataset.train), len(dataset.test), dataset.test_size] == [8, 4, None]


@pytest.mark.parametrize(
    "column",
    ["split", "Split", "PARTITION", "partition", "set", "Dataset", "data_split", "ml_use", "Usage"],
)
@pytest.mark.parametrize(
    "value",
    ["dev", "val", "valid", "Validation", " VALIDATION ", "eval", "evaluation", "devset", "valset"],
)
def test_names_of_columns_and_parts_are_compared_without_case(tmp_path, column, value):
    """Names of parts are those of files."""
    rows = [("hi", "greet", "Train"), ("bye", "leave", value), ("you", "leave", "TEST")]
    path = write_csv(tmp_path / "data.csv", rows, ("text", "intent", column))

    assert parts_of(path) == {"train": ["hi"], "validation": ["bye"], "test": ["you"]}


def test_parts_may_be_called_training_and_testing(tmp_path):
    """Programs write these names as well."""
    rows = [("hi", "greet", "training"), ("bye", "leave", "testing")]

    assert parts_of(write_csv(tmp_path / "data.csv", rows)) == {"train": ["hi"], "test": ["bye"]}


def test_out_of_scope_parts_are_named_as_files_are(tmp_path):
    """As in CLINC150."""
    rows = [("hi", "greet", "train"), ("what", "oos", "oos_val"), ("why", "oos", "oos_test")]

    assert parts_of(write_csv(tmp_path / "data.csv", rows)) == {
        "train": ["hi"],
        "out_of_scope_validation": ["what"],
        "out_of_scope_test": ["why"],
    }


@pytest.mark.parametrize("column", ["fold", "source", "kind"])
def test_other_columns_name_no_parts(tmp_path, column):
    """Their names mean many things."""
    rows = [("hi", "greet", "train"), ("bye", "leave", "test")]
    path = write_csv(tmp_path / "data.csv", rows, ("text", "intent", column))

    assert parts_of(path) == {"train": ["hi", "bye"]}
    assert not read(path).notes


@pytest.mark.parametrize("value", ["3", "A", "labelled", "x" * 100])
def test_column_whose_first_value_names_no_part_is_not_used(tmp_path, value):
    """It means something else, as the number of a fold; a note says so."""
    path = write_csv(tmp_path / "data.csv", [("hi", "greet", value), ("bye", "leave", "test")])

    assert parts_of(path) == {"train": ["hi", "bye"]}
    message = f"its first value, {repr(value)[:40]}, is none of train, test and validation"
    assert [str(note) for note in read(path).notes] == [
        f"{path}: column split is not used: {message}"
    ]


@pytest.mark.parametrize("name", ["data.csv", "data.xlsx"])
def test_column_of_parts_needs_no_header(tmp_path, name):
    """AutoML of Google has the part, the text and the label, by places alone."""
    rows = [
        *((" TEST", "bye", "leave"), ("TRAIN", "hi", "greet")),
        *(("VALIDATION", "yo", "greet"), ("TEST", "see you", "leave")),
    ]
    path = tmp_path / name
    if path.suffix == ".csv":
        write_csv(path, rows[1:], rows[0])
    else:
        write_xlsx(path, {"Sheet1": rows})

    assert parts_of(path, text_column="2", intent_column="3") == {
        "train": ["hi"],
        "test": ["bye", "see you"],
        "validation": ["yo"],
    }


def test_column_that_is_not_used_hides_no_other_one(tmp_path):
    """Folds of cross-validation may stand beside the parts."""
    rows = [("hi", "greet", 0, "train"), ("bye", "leave", 1, "test")]
    path = write_csv(tmp_path / "data.csv", rows, (*NAMES, "partition"))

    assert parts_of(path) == {"train": ["hi"], "test": ["bye"]}
    used, unused = (note.message for note in read(path).notes)
    assert used.startswith("column partition names the part of each row: 1 train, 1 test; ")
    assert unused.startswith("column split is not used: its first value, '0', is none of train")


def test_later_value_that_names_no_part_is_a_problem(tmp_path):
    """Nothing says that the row may be trained on; it can be left out on demand."""
    rows = [("hi", "greet", "train"), ("bye", "leave", "spare"), ("you", "leave", "test")]
    path = write_csv(tmp_path / "data.csv", rows)

    with pytest.raises(DataError) as caught:
        read_examples(path)
    assert f"{path}:3: 'spare' in the column split names no part" in str(caught.value)

    assert parts_of(path, leave_out_unreadable=True) == {"train": ["hi"], "test": ["you"]}


@pytest.mark.parametrize("fields", [{}, {"split": None}, {"split": " "}])
def test_row_without_a_value_is_trained_on(tmp_path, fields):
    """So are utterances that a person adds to the table later."""
    added = {"text": "good day", "intent": "greet", **fields}
    path = write_jsonl(tmp_path / "data.jsonl", [*as_records(ROWS), added])

    assert parts_of(path) == {**PARTS, "train": ["hi", "see you", "good day"]}


def test_first_value_may_be_in_a_later_row(tmp_path):
    """Rows without a value decide nothing."""
    path = write_csv(tmp_path / "data.csv", [("good day", "greet", ""), *ROWS])

    assert parts_of(path) == {**PARTS, "train": ["good day", "hi", "see you"]}


def test_column_without_any_value_is_not_mentioned(tmp_path):
    """All rows are trained on."""
    path = write_csv(tmp_path / "data.csv", [("hi", "greet", ""), ("bye", "leave", "")])

    assert parts_of(path) == {"train": ["hi", "bye"]}
    assert not read(path).notes


def test_utterance_that_is_added_to_such_a_table_is_trained_on(tmp_path):
    """The editor leaves further columns empty."""
    path = write_csv(tmp_path / "data.csv", ROWS)
    form, records = parse(path, path.read_bytes())
    added = form.created(Utterance("good day", "greet"))
    path.write_bytes(b"".join(record.raw for record in records) + added)

    assert parts_of(path) == {**PARTS, "train": ["hi", "see you", "good day"]}


def test_problem_of_a_row_is_named_whatever_its_part(tmp_path):
    """Its value still decides whether the column names parts."""
    path = write_csv(tmp_path / "data.csv", [("", "greet", "test"), *ROWS])

    reading = read(path)

    assert [str(problem) for problem in reading.problems] == [f"{path}:2: no text"]
    assert [str(note) for note in reading.notes] == [f"{path}: {NOTE}"]


def test_column_that_is_chosen_as_the_intent_names_no_part(tmp_path):
    """The options come first."""
    path = write_csv(tmp_path / "data.csv", ROWS)

    parts = parts_of(path, text_column="text", intent_column="split")

    assert parts == {"train": ["hi", "bye", "hello", "see you"]}


def test_first_of_columns_of_one_name_counts(tmp_path):
    """As that of the texts does; a test is not trained on for a repeated column."""
    rows = [("hi", "greet", "train", "test"), ("bye", "leave", "test", "train")]
    path = write_csv(tmp_path / "data.csv", rows, (*NAMES, "split"))

    assert parts_of(path) == {"train": ["hi"], "test": ["bye"]}


def test_columns_of_one_name_in_parquet_are_a_problem(tmp_path):
    """They are read by their names."""
    table = pa.table([["hi"], ["greet"], ["test"], ["dev"]], names=[*NAMES, "split"])
    parquet.write_table(table, tmp_path / "data.parquet")

    [problem] = read(tmp_path / "data.parquet").problems

    assert problem.message == "has several columns split"


def test_conversations_have_parts_too(tmp_path):
    """The part stands beside the messages."""
    records = [
        {"messages": [{"role": "user", "content": text}], "label": intent, "split": part}
        for text, intent, part in ROWS
    ]

    assert parts_of(write_jsonl(tmp_path / "data.jsonl", records)) == PARTS


def test_all_rows_are_read_by_commands_that_do_not_train(tmp_path):
    """The commands that test a model, for instance."""
    path = write_csv(tmp_path / "data.csv", ROWS)

    assert [each.text for each in read_examples(path)] == ["hi", "bye", "hello", "see you"]


@pytest.mark.parametrize("parts", [["test", "test"], ["dev", "dev"], ["dev", "test"]])
def test_table_without_rows_of_train_is_trained_on(tmp_path, parts):
    """Nothing is left to train on otherwise, as with files of tests alone; a note says so."""
    rows = [("hi", "greet", parts[0]), ("bye", "leave", parts[1])]
    path = write_csv(tmp_path / "data.csv", rows)

    assert parts_of(path) == {"train": ["hi", "bye"]}
    assert f"{path}: no utterance is of train, so all are read as training texts" in map(
        str, read_parts(path, ReadOptions()).notes
    )


def test_compressed_table_without_rows_of_train_is_trained_on(tmp_path):
    """As the table itself is."""
    path = write_csv(tmp_path / "data.csv", [("hi", "greet", "test"), ("bye", "leave", "dev")])
    packed = tmp_path / "data.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))

    assert parts_of(packed) == {"train": ["hi", "bye"]}


def test_file_of_training_texts_without_rows_of_train_is_trained_on(tmp_path):
    """Its name says so, and a note."""
    path = write_csv(tmp_path / "train.csv", [("hi", "greet", "test"), ("bye", "leave", "dev")])
    write_csv(tmp_path / "test.csv", [("ciao", "leave", "test")])

    assert parts_of(tmp_path) == {"train": ["hi", "bye"], "test": ["ciao"]}
    assert f"{path}: no utterance is of train, so all are read as training texts" in map(
        str, read_parts(tmp_path, ReadOptions()).notes
    )


def test_rows_of_the_test_join_the_file_of_the_test(tmp_path):
    """No row that a column or a file's name calls a test is trained on."""
    write_csv(tmp_path / "train.csv", ROWS)
    write_csv(tmp_path / "test.csv", [("good day", "greet", "train"), ("ciao", "leave", "dev")])

    assert parts_of(tmp_path) == {**PARTS, "test": ["bye", "good day", "ciao"]}


def test_file_of_the_test_in_any_folder_is_the_test_whatever_its_column_says(tmp_path):
    """The name of the file counts."""
    write_csv(tmp_path / "train_10.csv", ROWS)
    write_csv(tmp_path / "test.csv", [("good day", "greet", "train"), ("ciao", "leave", "dev")])

    assert parts_of(tmp_path) == {**PARTS, "test": ["good day", "ciao", "bye"]}


@pytest.mark.parametrize("train", ["train.csv", "train_10.csv"])
@pytest.mark.parametrize("test", ["test", "oos_test"])
def test_rows_of_the_test_among_out_of_scope_texts_are_tested(tmp_path, train, test):
    """All other rows of such a file are learnt from."""
    write_csv(tmp_path / train, ROWS[:1])
    rows = [("what", "x", "train"), ("why", "x", test), ("who", "x", "dev")]
    write_csv(tmp_path / "oos.csv", rows)

    assert parts_of(tmp_path) == {
        "train": ["hi"],
        "out_of_scope_validation": ["what", "who"],
        "out_of_scope_test": ["why"],
    }


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("data.jsonl", write_jsonl),
        ("data.json", lambda path, records: path.write_text(json.dumps(records))),
    ],
)
def test_records_may_lack_the_key_of_the_part(tmp_path, name, write):
    """It is looked up in each of them, as programs leave out keys without a value."""
    path = tmp_path / name
    records = [
        {"text": "hi", "intent": "greet"},
        {"text": "bye", "intent": "leave", "split": "test"},
        {"Partition": "dev", "text": "hello", "intent": "greet"},
        {"text": "see you", "intent": "leave"},
    ]
    write(path, records)

    assert parts_of(path) == PARTS
    assert f"{path}: {NOTE}" in map(str, read(path).notes)


def test_key_of_the_intent_names_no_part_in_any_record(tmp_path):
    """It may be chosen by name."""
    records = [
        {"text": "hi", "split": "greet"},
        {"text": "bye", "split": "test", "partition": "train"},
    ]
    path = write_jsonl(tmp_path / "data.jsonl", records)

    assert parts_of(path, intent_column="split") == {"train": ["hi", "bye"]}


def test_first_of_two_columns_of_parts_counts(tmp_path):
    """A row has one part."""
    rows = [("hi", "greet", "train", "test"), ("bye", "leave", "test", "train")]
    path = write_csv(tmp_path / "data.csv", rows, (*NAMES, "partition"))

    assert parts_of(path) == {"train": ["hi"], "test": ["bye"]}
    assert len(read(path).notes) == 1


TRAIN_SHEET = [["text", "intent"], ["hi", "greet"]]
TEST_SHEET = [["text", "intent", "split"], ["bye", "leave", "train"]]


@pytest.mark.parametrize("names", [("train", "test", "Notes"), ("Test", "Notes", "TRAIN")])
def test_sheets_are_parts_by_their_names(tmp_path, names):
    """The first one may be the test; other sheets are named."""
    sheets = {"train": TRAIN_SHEET, "test": TEST_SHEET, "notes": [["call Ann"]]}
    path = write_xlsx(tmp_path / "a.xlsx", {name: sheets[name.lower()] for name in names})

    assert parts_of(path) == {"train": ["hi"], "test": ["bye"]}
    assert parts_of(path, sheet=names[0]).keys() == {"train"}
    used = ", ".join(f"{name} as {name.lower()}" for name in names if name != "Notes")
    assert f"sheets are read by their names: {used}; left out: Notes" in {
        note.message for note in read(path).notes
    }


def test_sheets_may_have_a_part_among_other_words(tmp_path):
    """As files may."""
    sheets = {"Test data": TEST_SHEET, "Training data": TRAIN_SHEET}

    parts = parts_of(write_xlsx(tmp_path / "a.xlsx", sheets))

    assert parts == {"train": ["hi"], "test": ["bye"]}


def test_sheets_of_out_of_scope_texts_are_parts(tmp_path):
    """They need no intents, as such files."""
    sheets = {"train": TRAIN_SHEET, "OOS_test": [["text"], ["what"]]}

    parts = parts_of(write_xlsx(tmp_path / "a.xlsx", sheets))

    assert parts == {"train": ["hi"], "out_of_scope_test": ["what"]}


def test_places_in_several_sheets_have_the_sheets_names(tmp_path):
    """A number alone may be that of a row in each of them."""
    sheets = {"train": TRAIN_SHEET, "test": [*TEST_SHEET, ["see you"]]}
    path = write_xlsx(tmp_path / "a.xlsx", sheets)

    assert [str(each) for each in read(path).problems] == [f"{path}/test:3: no intent"]

    write_xlsx(path, {"train": TRAIN_SHEET, "test": [["words"], ["see you"]]})
    [problem] = read(path).problems
    assert str(problem).startswith(f"{path}/test:1: no column text")


def test_blank_sheet_of_the_test_is_named(tmp_path):
    """It may have been forgotten."""
    path = write_xlsx(tmp_path / "a.xlsx", {"train": TRAIN_SHEET, "test": []})

    assert [str(problem) for problem in read(path).problems] == [
        f"{path}: holds no cells in sheet test"
    ]


def test_sheets_of_parts_alone_leave_nothing_out(tmp_path):
    """The note ends there."""
    path = write_xlsx(tmp_path / "a.xlsx", {"train": TRAIN_SHEET, "test": TRAIN_SHEET})

    [note] = read(path).notes

    assert note.message == "sheets are read by their names: train as train, test as test"


def test_sheets_of_validation_texts_are_left_out(tmp_path):
    """Settings are chosen by cross-validation."""
    sheets = dict.fromkeys(("train", "dev"), TRAIN_SHEET)
    path = write_xlsx(tmp_path / "a.xlsx", sheets)

    assert parts_of(path) == {"train": ["hi"]}
    [note] = read(path).notes
    assert note.message == "sheets are read by their names: train as train; left out: dev"


@pytest.mark.parametrize("file", ["a.xlsx", "train.xlsx"])
@pytest.mark.parametrize("name", ["test", "dev"])
def test_first_sheet_of_another_part_is_not_trained_on(tmp_path, name, file):
    """Which other sheet holds the training texts is not known."""
    path = write_xlsx(tmp_path / file, {name: TEST_SHEET, "Data": TRAIN_SHEET})

    [problem] = read(path).problems
    assert problem.message == (
        f"sheet {name} is the first one, and none is named train; rename one, or choose by "
        f"--sheet one of {name}, Data"
    )
    assert parts_of(path, sheet="Data") == {"train": ["hi"]}


def test_only_sheet_may_be_named_as_a_part(tmp_path):
    """Nothing else could be meant."""
    assert parts_of(write_xlsx(tmp_path / "a.xlsx", {"test": TRAIN_SHEET})) == {"train": ["hi"]}


def test_sheets_of_a_file_of_a_part_may_be_named_as_it_is(tmp_path):
    """Its name says that it is not trained on, whichever sheet is the first one."""
    write_xlsx(tmp_path / "train.xlsx", {"train": TRAIN_SHEET, "Notes": [["call Ann"]]})
    write_xlsx(tmp_path / "test.xlsx", {"test": TEST_SHEET, "Notes": [["call Ann"]]})

    assert parts_of(tmp_path) == {"train": ["hi"], "test": ["bye"]}
    assert read(tmp_path).problems == ()
