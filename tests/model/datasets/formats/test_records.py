"""JSON with records: a list of them, splits, or columns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from model.datasets.readers import Reading, read, read_examples
from model.errors import DataError

HI, BYE = {"text": "hi", "intent": "greet"}, {"text": "bye", "intent": "leave"}
TEXTS, INTENTS = ["hi", "bye"], ["greet", "leave"]


def reading_of(path: Path, data: Any) -> Reading:
    path.write_text(json.dumps(data, indent=1))
    return read(path)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({"text": TEXTS, "intent": INTENTS}, id="lists"),
        pytest.param(
            {"text": {"0": "hi", "1": "bye"}, "intent": {"0": "greet", "1": "leave"}}, id="pandas"
        ),
        pytest.param({"id": [1, 2], "utterance": TEXTS, "label": INTENTS}, id="usual-names"),
        pytest.param({"0": HI, "1": BYE}, id="pandas-index"),
        pytest.param(
            {"columns": ["intent", "text"], "data": [["greet", "hi"], ["leave", "bye"]]},
            id="pandas-split",
        ),
    ],
)
def test_columns_are_read_as_rows(tmp_path, data):
    """Their names are no intents."""
    reading = reading_of(tmp_path / "data.json", data)

    assert [(each.text, each.intent) for each in reading.examples] == [
        ("hi", "greet"),
        ("bye", "leave"),
    ]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({"question": ["hi", "hey"], "topic": ["what for"]}, id="lengths"),
        pytest.param({"question": ["hi"], "other": ["bye"]}, id="no-column-of-intents"),
        pytest.param(
            {"question": ["hi", "hey"], "topic": ["a", "b"], "greet": ["yo", "ho"]},
            id="no-intent-repeats",
        ),
    ],
)
def test_other_lists_are_utterances_of_their_keys(tmp_path, data):
    """Columns have the same number of values, and one of them holds the intents."""
    reading = reading_of(tmp_path / "data.json", data)

    assert {each.intent for each in reading.examples} == set(data)


def test_columns_without_values_hold_nothing(tmp_path):
    """They are refused as any object without utterances."""
    with pytest.raises(DataError, match="no training data that is recognised"):
        reading_of(tmp_path / "data.json", {"text": [], "intent": []})


def test_row_that_is_no_list_is_named(tmp_path):
    """Nothing is left out silently."""
    data = {"columns": ["text", "intent"], "data": [["hi", "greet"], "bye"]}

    reading = reading_of(tmp_path / "data.json", data)

    assert [each.message for each in reading.problems] == ["a record is no object"]


@pytest.mark.parametrize("columns", [[0, 1], [["text"], "intent"], [{}, None], 2])
def test_rows_whose_columns_have_no_names_are_pairs(tmp_path, columns):
    """As pandas writes a table without names."""
    data = {"columns": columns, "data": [["hi", "greet"], ["bye", "leave"]]}

    reading = reading_of(tmp_path / "data.json", data)

    assert [(each.text, each.intent) for each in reading.examples] == [
        ("hi", "greet"),
        ("bye", "leave"),
    ]


@pytest.mark.parametrize("data", [[["a", "hi"], ["a", "hey"]], [["hi", "a"], ["hey", "a"]]])
def test_pairs_may_begin_with_the_intent(tmp_path, data):
    """Intents repeat more often than texts."""
    reading = reading_of(tmp_path / "data.json", data)

    assert [(each.text, each.intent) for each in reading.examples] == [("hi", "a"), ("hey", "a")]
    notes = ["the second of each pair is read as the text"] if data[0][0] == "a" else []
    assert [note.message for note in reading.notes] == notes


def test_object_of_records_has_numbers_alone(tmp_path):
    """Of other keys, it is not known what they hold."""
    with pytest.raises(DataError, match="the key 0, the key more"):
        reading_of(tmp_path / "data.json", {"0": HI, "more": BYE})


@pytest.mark.parametrize(
    ("train", "test"), [("Train", "Test"), ("training", "TESTING"), ("train", "test")]
)
@pytest.mark.parametrize("is_columns", [False, True])
def test_names_of_splits_are_those_of_files(tmp_path, train, test, *, is_columns):
    """A test is not trained on, nor left out, for a capital letter."""
    rows = {"text": ["hi"], "intent": ["greet"]} if is_columns else [HI]
    reading = reading_of(tmp_path / "data.json", {train: rows, test: [BYE]})

    assert [(each.text, each.part) for each in reading.examples] == [
        ("hi", "train"),
        ("bye", "test"),
    ]
    assert {each.message for each in reading.notes} == set()


def test_out_of_scope_splits_are_parts(tmp_path):
    """As CLINC150's are, with records."""
    data = {"train": [HI], "oos_val": [BYE], "oos_test": [{"text": "yo", "intent": "oos"}]}
    reading = reading_of(tmp_path / "data.json", data)

    assert [(each.text, each.part) for each in reading.examples] == [
        ("hi", "train"),
        ("bye", "out_of_scope_validation"),
        ("yo", "out_of_scope_test"),
    ]


@pytest.mark.parametrize("value", [True, "yes", [], None, {"epochs": 3}, [0, 1]])
@pytest.mark.parametrize("key", ["data", "rows"])
def test_key_of_a_part_may_hold_something_else(tmp_path, key, value):
    """As a setting."""
    reading = reading_of(tmp_path / "data.json", {"train": value, key: [HI]})

    assert [each.text for each in reading.examples] == ["hi"]


def test_column_may_be_called_as_a_part(tmp_path):
    """As the flag ``train`` of each row."""
    columns = {"text": {"0": "hi"}, "intent": {"0": "greet"}, "train": {"0": 1}}
    reading = reading_of(tmp_path / "data.json", columns)

    assert [each.text for each in reading.examples] == ["hi"]


@pytest.mark.parametrize(
    "splits",
    [
        pytest.param({"train": TEXTS, "test": ["yo"]}, id="lists"),
        pytest.param({"train": [HI, BYE], "test": ["yo"]}, id="records"),
        pytest.param({"train": {"sentences": TEXTS}, "test": {"sentences": ["yo"]}}, id="groups"),
        pytest.param(
            {
                "train": {"intents": [{"tag": "greet", "patterns": ["hi"]}]},
                "test": {"intents": [{"tag": "greet", "patterns": ["yo"]}]},
            },
            id="intents",
        ),
    ],
)
def test_splits_are_no_intents(tmp_path, splits):
    """Where the texts of a test have no readable intents, nothing is trained on them."""
    path = tmp_path / "data.json"
    path.write_text(json.dumps(splits))

    with pytest.raises(DataError, match=r"no training data|holds no texts"):
        read_examples(path)


@pytest.mark.parametrize(
    "data",
    [
        {"train": ["a train to Rome"], "bus": ["a bus"]},
        {"intents": {"train": ["a train to Rome"], "test": ["the exam"]}},
        {"intents": {"train": {"patterns": ["by train"]}, "test": {"patterns": ["the exam"]}}},
    ],
)
def test_intent_may_be_called_as_a_part(tmp_path, data):
    """As that of a railway, beside others or below a key ``intents``."""
    reading = reading_of(tmp_path / "data.json", data)

    assert [each.intent for each in reading.examples] == list(data.get("intents", data))


@pytest.mark.parametrize("key", ["data", "items", "intents"])
def test_records_below_a_key_have_parts(tmp_path, key):
    """As pandas writes a table with its schema."""
    rows = [{**HI, "split": "train"}, {**BYE, "split": "test"}]
    reading = reading_of(tmp_path / "data.json", {"schema": {"fields": []}, key: rows})

    assert [each.part for each in reading.examples] == ["train", "test"]


def test_intents_may_have_a_key_of_parts_with_other_values(tmp_path):
    """As the set that an intent belongs to."""
    data = {"data": [{"name": "greet", "text": "hi", "set": "smalltalk"}]}
    reading = reading_of(tmp_path / "data.json", data)

    assert [(each.text, each.intent) for each in reading.examples] == [("hi", "greet")]


def test_empty_split_is_passed_over(tmp_path):
    """It holds nothing that could be lost."""
    reading = reading_of(tmp_path / "data.json", {"train": [HI], "test": []})

    assert ([each.text for each in reading.examples], reading.problems) == (["hi"], ())


@pytest.mark.parametrize("test", [{"a": 1}, ["hi", "bye"]])
def test_split_without_intents_is_a_problem(tmp_path, test):
    """Its content can't be read, and the names of splits are no intents."""
    reading = reading_of(tmp_path / "data.json", {"train": [HI], "test": test})

    assert [each.message for each in reading.problems] == ["'test' holds no texts with intents"]


def test_splits_are_parts(tmp_path):
    """``test`` is the test; other keys are named as left out."""
    data = {"train": [HI], "test": [BYE, 7], "validation": [HI]}
    reading = reading_of(tmp_path / "data.json", data)

    assert [(each.text, each.part) for each in reading.examples] == [
        ("hi", "train"),
        ("bye", "test"),
    ]
    assert [each.message for each in reading.problems] == ["a record is no object"]
    assert [each.message for each in reading.notes] == ["left out: validation (1)"]


def test_list_of_labels_has_one_intent(tmp_path):
    """The only label counts; several are named."""
    path = tmp_path / "data.jsonl"
    labels = (["greet"], ["greet", "leave"])
    path.write_text("".join(json.dumps({"text": "hi", "label": each}) + "\n" for each in labels))

    reading = read(path)

    assert [(each.text, each.intent) for each in reading.examples] == [("hi", "greet")]
    assert [str(each) for each in reading.problems] == [
        f"{path}:2: has several intents: greet, leave; an utterance has one intent"
    ]
