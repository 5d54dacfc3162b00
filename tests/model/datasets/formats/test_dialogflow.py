"""The folders of Dialogflow CX."""

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
