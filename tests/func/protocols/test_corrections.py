"""Corrections: parsed strictly, and reported as an event."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from func.errors import RequestError
from func.protocols.cloudevents import Event
from func.protocols.corrections import Correction, parse_correction
from func.settings import Settings

SETTINGS = Settings(max_text_length=20, event_type_prefix="com.example", event_source="/here")
LABELS = ("greeting", "<odd>", "in\nvalid")
ANSWER = {"intent": "greeting", "confidence": 0.5}
FIELDS = {"text": "where is it", "answer": ANSWER, "intent": "order_tracking"}


def parse(fields: object, content_type: str = "application/json") -> Correction:
    return parse_correction(content_type, json.dumps(fields).encode(), LABELS, SETTINGS)


@pytest.mark.parametrize(
    "intent",
    [
        pytest.param("greeting", id="known"),
        pytest.param("<odd>", id="known-with-odd-characters"),
        pytest.param("out_of_scope", id="out-of-scope"),
        pytest.param("Order tracking/EU", id="new-name"),
        pytest.param("x" * 100, id="longest"),
        pytest.param("Größe", id="letters-of-any-script"),
    ],
)
def test_right_intent_may_be_known_or_new(intent):
    """The right intent is a known one, out of scope, or a new name."""
    assert parse(FIELDS | {"intent": intent}).intent == intent


@pytest.mark.parametrize(
    ("changed", "status", "message"),
    [
        pytest.param({"text": 1}, 400, "'text' must be a string", id="text-type"),
        pytest.param({"text": "x" * 21}, 413, "'text' must have at most 20", id="long-text"),
        pytest.param({"answer": None}, 400, "'answer' must be an object", id="no-answer"),
        pytest.param(
            {"answer": {"intent": 1, "confidence": 1}},
            400,
            "'answer.intent' must be a string",
            id="answer-intent-type",
        ),
        *(
            pytest.param(
                {"answer": {"intent": "greeting", "confidence": value}},
                400,
                "'answer.confidence' must be a number from 0 to 1",
                id=f"confidence-{value}",
            )
            for value in (None, "0.5", True, -0.1, 1.5, 10**400)
        ),
        pytest.param({"intent": None}, 400, "'intent' must be a string", id="no-intent"),
        *(
            pytest.param({"intent": name}, 400, "'intent' must be a known intent", id=repr(name))
            for name in ("", " x", "x ", "<b>", "=1+1", "a\nb", "x" * 101)
        ),
        pytest.param(
            {"intent": "in\nvalid"}, 400, "a character that CloudEvents forbids", id="control"
        ),
        pytest.param({"comment": 1}, 400, "'comment' must be a string", id="comment-type"),
        pytest.param({"comment": "\ud800"}, 400, "'comment' must be", id="comment-unicode"),
        pytest.param({"comment": "x" * 1001}, 413, "'comment' must have", id="long-comment"),
    ],
)
def test_wrong_field_is_refused(changed, status, message):
    """An error names the field and the limit, and quotes nothing."""
    with pytest.raises(RequestError) as caught:
        parse(FIELDS | changed)

    assert caught.value.status == status
    assert message in caught.value.message


def test_missing_text_has_the_error_of_predictions():
    """A request without text gets the same error as a prediction without text."""
    with pytest.raises(RequestError, match=r"^Missing 'text' parameter$"):
        parse({})


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded"])
def test_only_json_is_accepted(content_type):
    """A page of another origin can send any other type, or none, without a preflight."""
    with pytest.raises(RequestError) as caught:
        parse(FIELDS, content_type)

    assert caught.value.status == 415


def event(**changed: Any) -> Event:
    return parse(FIELDS | changed).to_event(SETTINGS)


def test_event_has_text_prediction_and_right_intent():
    """The event is valid, and holds the correction and nothing else."""
    [parsed] = [Event.from_json(event(answer=ANSWER | {"act": True}, other=1).to_json())]

    assert parsed.data == FIELDS
    assert parsed.attributes["type"] == "com.example.intent.corrected"
    assert parsed.attributes["source"] == "/here"
    assert parsed.attributes["intent"] == "order_tracking"
    assert uuid.UUID(parsed.attributes["id"]).version == 4


def test_comment_is_optional():
    """A comment is in the event; an empty one is left out."""
    assert event(comment=" It is late. ").data["comment"] == "It is late."
    assert "comment" not in event(comment="  ").data
    assert "comment" not in event(comment=None).data


def test_overrides_are_attributes_of_the_event():
    """The extensions of K_CE_OVERRIDES are added, and replace those of the event."""
    settings = Settings(k_ce_overrides=(("environment", "staging"), ("intent", "none")))

    attributes = parse(FIELDS).to_event(settings).attributes

    assert (attributes["environment"], attributes["intent"]) == ("staging", "none")
