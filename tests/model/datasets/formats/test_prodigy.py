"""Answers to questions, as Prodigy exports them."""

from __future__ import annotations

import json

import pytest

from model.datasets.readers import read

QUESTION = {"text": "hi there", "_task_hash": 1}


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
