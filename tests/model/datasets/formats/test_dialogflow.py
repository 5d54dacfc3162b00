"""The exports of Dialogflow: folders of CX, and files of ES."""

from __future__ import annotations

import json

import pytest

from model.datasets.readers import read


@pytest.mark.parametrize(("is_fallback", "intent"), [(True, "out_of_scope"), (False, "Default")])
def test_phrases_of_a_fallback_intent_are_out_of_scope(tmp_path, is_fallback, intent):
    """The intent's own file says which kind it is."""
    folder = tmp_path / "intents" / "Default"
    (folder / "trainingPhrases").mkdir(parents=True)
    fields = {"displayName": "Default", "priority": 500000, "isFallback": is_fallback}
    (folder / "Default.json").write_text(json.dumps(fields))
    phrases = {"trainingPhrases": [{"parts": [{"text": "blah"}], "languageCode": "en"}]}
    (folder / "trainingPhrases" / "en.json").write_text(json.dumps(phrases))

    [example] = read(tmp_path).examples

    assert (example.text, example.intent) == ("blah", intent)


@pytest.mark.parametrize(
    ("fields", "notes"),
    [
        pytest.param({"responses": []}, [], id="nothing"),
        pytest.param(
            {"responses": [{"messages": []}]},
            ["left out: descriptions of intents, with their responses (1)"],
            id="responses",
        ),
        pytest.param(
            {"responses": [], "description": "Saying hello"},
            ["left out: descriptions of intents, with their responses (1)"],
            id="description",
        ),
    ],
)
def test_what_is_left_out_of_an_intent_is_noted(tmp_path, fields, notes):
    """An intent's file without responses and description loses nothing."""
    (tmp_path / "greet.json").write_text(json.dumps({"fallbackIntent": False, **fields}))
    (tmp_path / "greet_usersays_en.json").write_text(json.dumps([{"data": [{"text": "hi"}]}]))

    assert [note.message for note in read(tmp_path).notes] == notes
