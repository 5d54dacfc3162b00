"""Conversations that chat models are fine-tuned with, as JSONL."""

from __future__ import annotations

import json

import pytest

from model.datasets.readers import read

SYSTEM = {"role": "system", "content": "Classify the message."}
USER = {"role": "user", "content": "hi there"}
ANSWER = {"role": "assistant", "content": "greet"}


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
            {"text": "bye", "intent": "leave", "messages": [USER, ANSWER]},
            ("bye", "leave"),
            id="text-beside",
        ),
    ],
)
def test_answer_of_a_conversation_is_the_intent(tmp_path, fields, expected):
    """The text is the user's last message, unless the object has a text of its own."""
    path = tmp_path / "data.jsonl"
    path.write_text(json.dumps(fields) + "\n")

    assert [(each.text, each.intent) for each in read(path).examples] == [expected]


def test_conversation_without_an_answer_is_a_problem(tmp_path):
    """It has its line, as any entry that can't be read."""
    conversations = ([USER, ANSWER], [USER], [USER, "x"])
    path = tmp_path / "data.jsonl"
    path.write_text("".join(json.dumps({"messages": each}) + "\n" for each in conversations))

    assert [str(each) for each in read(path).problems] == [
        f"{path}:2: no intent",
        f"{path}:3: no intent",
    ]
