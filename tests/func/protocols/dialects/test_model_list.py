"""The list of models, in the forms of System One and of OpenAI."""

from __future__ import annotations

import re

from func.protocols.dialects.model_list import describe
from model.inference.model_card import ModelCard


def test_model_is_listed_in_both_forms(client):
    """Each client finds its own fields, and ignores the others."""
    response = client.get("/v1/models")
    [for_system_one], [for_openai] = response.json["models"], response.json["data"]

    assert for_system_one["name"] == for_openai["id"] == "intent-classifier"
    assert for_system_one["description"] == "Classifies a message: 3 intents, or out of scope"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", for_system_one["release_date"])


def test_release_is_the_day_of_training():
    """A card that was not made by training may have none: the first of all days stands for it."""
    trained = describe(ModelCard((), "", training={"created": "2026-11-05T10:00:00+00:00"}))
    unknown = describe(ModelCard((), ""))
    unreadable = describe(ModelCard((), "", training={"created": "last Thursday"}))

    assert trained["models"][0]["release_date"] == "2026-11-05"  # type: ignore[index]
    assert trained["data"][0]["created"] == 1793872800  # type: ignore[index]
    assert unknown["models"][0]["release_date"] == "1970-01-01"  # type: ignore[index]
    assert unreadable == unknown
