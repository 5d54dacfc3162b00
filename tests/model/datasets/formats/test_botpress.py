"""The files of Botpress, from version 10 on."""

from __future__ import annotations

import json

import pytest

from model.datasets.readers import read

INTENT = {"name": "__qna__1_help", "contexts": ["global"], "utterances": ["help me"], "slots": []}
QUESTION = {
    "id": "1_help",
    "data": {"questions": {"en": ["help me", "I am stuck"]}, "answers": {"en": ["Sure"]}},
}


def labelled(reading):
    return [(example.text, example.intent) for example in reading.examples]


def test_question_and_the_intent_made_of_it_are_one(tmp_path):
    """Botpress 12 writes both, under names that differ in a prefix."""
    for name, content in (("intents/__qna__1_help.json", INTENT), ("qna/1_help.json", QUESTION)):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(json.dumps(content))

    expected = [("help me", "1_help"), ("help me", "1_help"), ("I am stuck", "1_help")]

    assert labelled(read(tmp_path)) == expected


def test_disabled_question_is_named(tmp_path):
    """Botpress does not learn from it either."""
    path = tmp_path / "qna.json"
    disabled = {"id": "2", "data": {"questions": {"en": ["go away"]}, "enabled": False}}
    path.write_text(json.dumps({"qnas": [QUESTION, disabled]}))

    reading = read(path)

    assert len(reading.examples) == 2
    assert reading.notes[-1].message == "left out: questions that are not enabled (1)"


def test_text_file_beside_an_intent_holds_its_utterances(tmp_path):
    """Before version 12, each line is an utterance of the intent that the file is named after."""
    (tmp_path / "hello.json").write_text('{"entities": []}')
    (tmp_path / "hello.utterances.txt").write_text("good day\n\nI am [Bob](name)\n")

    reading = read(tmp_path)

    assert reading.formats == ("Botpress",)
    assert labelled(reading) == [("good day", "hello"), ("I am Bob", "hello")]
    assert [example.line for example in reading.examples] == [1, 3]


@pytest.mark.parametrize("beside", ["hello.utterances.txt", "other.json"])
def test_other_text_file_is_named(tmp_path, beside):
    """Other tools write files of that name, whose first line is the intent."""
    (tmp_path / "hello.utterances.txt").write_text("hello\ngood day\n")
    (tmp_path / beside).touch()
    (tmp_path / "bye.json").write_text(json.dumps(INTENT))

    reading = read(tmp_path)

    assert labelled(reading) == [("help me", "1_help")]
    assert "hello.utterances.txt" in reading.notes[0].message
