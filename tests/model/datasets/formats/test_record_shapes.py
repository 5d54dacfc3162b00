"""Records in the shapes of other tools: fine-tuning of chat models, Prodigy, spaCy."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest
from pyarrow import parquet

from model.datasets.readers import ReadOptions, read

SYSTEM = {"role": "system", "content": "Classify the message."}
USER = {"role": "user", "content": "hi there"}
ANSWER = {"role": "assistant", "content": "greet"}
QUESTION = {"text": "hi there", "_task_hash": 1}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"messages": [SYSTEM, USER, ANSWER]}, ("hi there", "greet"), id="one-turn"),
        pytest.param(
            {"messages": [{"role": "user", "content": "yo"}, {"role": "assistant"}, USER, ANSWER]},
            ("hi there", "greet"),
            id="last-turn",
        ),
        pytest.param(
            {"messages": [USER, {"role": "assistant", "content": "Hello!"}], "label": "greet"},
            ("hi there", "greet"),
            id="intent-beside",
        ),
        pytest.param(
            {"text": "bye", "intent": "leave", "messages": [USER, ANSWER]},
            ("bye", "leave"),
            id="text-beside",
        ),
        pytest.param(
            {
                "conversations": [
                    {"from": "system", "value": "Classify the message."},
                    {"from": "human", "value": "hi there"},
                    {"from": "gpt", "value": "greet"},
                ]
            },
            ("hi there", "greet"),
            id="sharegpt",
        ),
    ],
)
def test_answer_of_a_conversation_is_the_intent(tmp_path, fields, expected):
    """The text is the user's last message, unless the object has a text of its own."""
    path = tmp_path / "data.jsonl"
    path.write_text(json.dumps(fields) + "\n")

    assert [(each.text, each.intent) for each in read(path).examples] == [expected]


@pytest.mark.parametrize(
    ("fields", "is_guess"),
    [
        pytest.param({"messages": [USER, ANSWER]}, True, id="conversation"),
        pytest.param({"text": "hi there", "cats": {"greet": 1, "leave": 0}}, True, id="scores"),
        pytest.param(QUESTION | {"label": "greet", "answer": "accept"}, False, id="answer"),
    ],
)
def test_list_of_such_records_is_read(tmp_path, fields, is_guess):
    """As lines of the same records are; a note says so unless Prodigy's mark leaves no doubt."""
    path = tmp_path / "data.json"
    records = (fields, "no object", QUESTION | {"answer": "reject"})
    path.write_text("[\n" + ",\n".join(map(json.dumps, records)) + "\n]\n")

    reading = read(path)

    assert reading.formats == ("JSON records",)
    assert [(each.text, each.intent, each.line) for each in reading.examples] == [
        ("hi there", "greet", 2)
    ]
    assert [each.message for each in reading.problems] == ["a record is no object"]
    *guesses, left_out = (each.message for each in reading.notes)
    assert guesses == [f"text and intent are read from {', '.join(fields)}"] * is_guess
    assert left_out == "left out: answers of Prodigy that accept no label (1)"


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"messages": [SYSTEM, USER, ANSWER]}, id="conversation"),
        pytest.param({"text": "hi there", "cats": {"greet": 1.0, "leave": 0.0}}, id="scores"),
        pytest.param({"text": "hi there", "label": "greet", "cats": {"x": 1.0}}, id="label-beside"),
    ],
)
def test_parquet_holds_such_records_as_well(tmp_path, fields):
    """Most conversations of Hugging Face's data sets are Parquet."""
    path = tmp_path / "data.parquet"
    parquet.write_table(pa.Table.from_pylist([fields]), path)

    assert [(each.text, each.intent) for each in read(path).examples] == [("hi there", "greet")]


def test_columns_of_parquet_can_be_chosen_beside_a_conversation(tmp_path):
    """Whoever names a column wants it."""
    path = tmp_path / "data.parquet"
    parquet.write_table(pa.table({"said": ["hi"], "about": ["greet"], "messages": [[1]]}), path)
    options = ReadOptions(text_column="said", intent_column="about")

    assert [(each.text, each.intent) for each in read(path, options).examples] == [("hi", "greet")]


def test_shapes_may_be_mixed(tmp_path):
    """Each record is read by its own keys."""
    records = (
        {"utterance": "hi", "label": "greet"},
        {"messages": [USER, ANSWER]},
        {"text": "so long", "cats": {"leave": 1}},
        QUESTION | {"label": "leave", "answer": "reject"},
        {"utterance": "bye", "label": "leave"},
    )
    lines, document = tmp_path / "data.jsonl", tmp_path / "data.json"
    lines.write_text("".join(json.dumps(each) + "\n" for each in records))
    document.write_text(json.dumps(records))

    for path in (lines, document):
        assert [(each.text, each.intent) for each in read(path).examples] == [
            ("hi", "greet"),
            ("hi there", "greet"),
            ("so long", "leave"),
            ("bye", "leave"),
        ]


def test_options_choose_columns_of_any_shape(tmp_path):
    """Whoever names a key wants it."""
    path = tmp_path / "data.json"
    path.write_text(json.dumps([{"said": "hi", "about": "greet", "messages": []}]))
    options = ReadOptions(text_column="said", intent_column="about")

    assert [(each.text, each.intent) for each in read(path, options).examples] == [("hi", "greet")]


def test_conversation_with_an_intent_that_is_not_filled_is_a_problem(tmp_path):
    """The answer does not stand in for a label that is still to come."""
    path = tmp_path / "data.jsonl"
    path.write_text(json.dumps({"messages": [USER, ANSWER], "label": None}) + "\n")

    assert [str(each) for each in read(path).problems] == [f"{path}:1: no intent"]


def test_conversation_without_an_answer_is_a_problem(tmp_path):
    """It has its line, as any entry that can't be read."""
    conversations = ([USER, ANSWER], [USER], [USER, ANSWER, USER, "x"])
    path = tmp_path / "data.jsonl"
    path.write_text("".join(json.dumps({"messages": each}) + "\n" for each in conversations))

    assert [str(each) for each in read(path).problems] == [
        f"{path}:2: no intent",
        f"{path}:3: no intent",
    ]


def answers(path, *fields):
    """Write answers to a file, and read it."""
    path.write_text("".join(json.dumps(QUESTION | each) + "\n" for each in fields))
    return read(path)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"label": "greet"}, id="one-label"),
        pytest.param({"options": [{"id": "greet"}], "accept": ["greet"]}, id="choice"),
    ],
)
def test_accepted_label_is_the_intent(tmp_path, fields):
    """A label that was asked for alone, or the only one chosen of several."""
    data = answers(tmp_path / "data.jsonl", fields | {"answer": "accept"})

    assert [(each.text, each.intent) for each in data.examples] == [("hi there", "greet")]


def test_label_that_is_not_accepted_is_left_out(tmp_path):
    """The annotator said that it is wrong, or did not know; both are counted."""
    path = tmp_path / "data.jsonl"
    rejected, accepted, ignored = (
        {"label": label, "answer": answer}
        for label, answer in (("leave", "reject"), ("greet", "accept"), ("greet", "ignore"))
    )

    data = answers(path, rejected, accepted, ignored)

    assert [each.intent for each in data.examples] == ["greet"]
    assert [str(each) for each in data.notes] == [
        f"{path}:1: left out: answers of Prodigy that accept no label (2)"
    ]


def test_several_accepted_labels_are_a_problem(tmp_path):
    """An utterance has one intent."""
    path = tmp_path / "data.jsonl"
    data = answers(path, {"accept": ["greet", "leave"], "answer": "accept"})

    assert [str(each) for each in data.problems] == [
        f"{path}:1: has several intents: greet, leave; an utterance has one intent"
    ]


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"cats": {"leave": 0.0, "greet": 1.0}}, id="scores"),
        pytest.param({"cats": {"greet": True, "leave": False, "x": None}}, id="truths"),
        pytest.param({"cats": {"leave": 1}, "label": "greet"}, id="intent-beside"),
    ],
)
def test_label_with_a_score_is_the_intent(tmp_path, fields):
    """Of spaCy's scores, the largest one alone is more than a half."""
    path = tmp_path / "data.jsonl"
    path.write_text(json.dumps({"text": "hi there"} | fields) + "\n")

    assert [(each.text, each.intent) for each in read(path).examples] == [("hi there", "greet")]


def test_scores_of_no_or_several_labels_are_a_problem(tmp_path):
    """An utterance has one intent."""
    path = tmp_path / "data.jsonl"
    scores = ({"greet": 1.0, "leave": 0.0}, {"greet": 0.5}, {"greet": 1.0, "leave": 0.9})
    path.write_text("".join(json.dumps({"text": "hi", "cats": each}) + "\n" for each in scores))

    assert [str(each) for each in read(path).problems] == [
        f"{path}:2: no intent",
        f"{path}:3: has several intents: greet, leave; an utterance has one intent",
    ]
