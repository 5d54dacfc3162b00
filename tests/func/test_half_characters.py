"""Half a character anywhere in a request, in every dialect."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from func.protocols.dialect_routes import DIALECTS, GATEWAY
from func.settings import MODEL_NAME

HALF = "\ud800"  # a lone surrogate: JSON can express it, and UTF-8 can't
CHOICE = {"order_tracking": "a parcel", "greeting": None}
LEVELS = ["order_tracking", {"intents": ["greeting"], "meaning": "calm"}]
ROWS = [{"value": "greeting", "description": "hello"}, {"value": "order_tracking"}]
TENSOR = {"name": "text", "datatype": "BYTES", "shape": [1], "data": ["hello"]}
EVENT = {"specversion": "1.0", "id": "1", "source": "/test", "type": "t", "data": {"text": "hello"}}
JSON = "application/json"

REQUESTS: dict[str, tuple[str, str, Any]] = {
    "json": ("/predict", JSON, {"text": "hello", "field": "x"}),
    "text-classification": ("/predict", JSON, {"inputs": "hello", "parameters": {"field": "x"}}),
    "event": ("/", "application/cloudevents+json", EVENT),
    "batch": ("/", "application/cloudevents-batch+json", [EVENT, EVENT]),
    "open-inference": (
        f"/v2/models/{MODEL_NAME}/infer",
        JSON,
        {"id": "1", "inputs": [TENSOR], "parameters": {"field": "x"}},
    ),
    "gateway": (GATEWAY.route, JSON, {"text": "hello", "field": "x"}),
    "system-one": (
        "/v1/systemone",
        JSON,
        {
            "model": "any",
            "state": "hello",
            "questions": {
                "choice": {"type": "choice", "criteria": CHOICE},
                "noul": {"type": "noul", "instructions": "greeting", "criteria": {"true": "hello"}},
                "score": {"type": "score", "criteria": LEVELS},
            },
        },
    ),
    "decisions": (
        "/v1/decisions",
        JSON,
        {
            "model": "any",
            "input": "hello",
            "questions": [
                {"type": "predicate", "name": "yes", "instructions": "greeting"},
                {"type": "choice", "name": "which", "choices": ROWS},
                {"type": "score", "levels": [{"label": "x", "description": "greeting"}]},
            ],
        },
    ),
    "vllm": ("/classify", JSON, {"model": "any", "input": ["hello"]}),
    "kserve-v1": (
        f"/v1/models/{MODEL_NAME}:predict",
        JSON,
        {"instances": ["hello", {"text": "hello", "field": "x"}]},
    ),
}


def halved(value: Any) -> Iterator[Any]:
    """Yield copies of a JSON value, each with half a character in place of one key or text."""
    match value:
        case str():
            yield HALF
        case list():
            for place, item in enumerate(value):
                for half in halved(item):
                    yield [*value[:place], half, *value[place + 1 :]]
        case dict():
            for key, item in value.items():
                yield {HALF if each == key else each: value[each] for each in value}
                for half in halved(item):
                    yield {**value, key: half}


@pytest.mark.parametrize("name", ["client", "encoding_client"])
@pytest.mark.parametrize(("path", "content_type", "sound"), REQUESTS.values(), ids=[*REQUESTS])
def test_half_a_character_is_answered_or_refused(request, name, path, content_type, sound):
    """Wherever it is, the response is JSON in UTF-8, and no error of the server."""
    client = request.getfixturevalue(name)

    for value in halved(sound):
        response = client.post(path, data=json.dumps(value), content_type=content_type)
        assert response.status_code in (200, 400, 422)
        json.loads(response.data.decode() or "null")


def test_requests_are_of_every_dialect():
    """A new one has to stand above."""
    paths = {path for path, _, _ in REQUESTS.values()}

    assert {path for method, path in DIALECTS if method == "POST"} <= paths


def test_names_are_repeated_as_they_were_sent(client):
    """The names of questions, options and levels are the client's own."""
    _, _, body = REQUESTS["system-one"]
    score = {"type": "score", "criteria": ["order_tracking", {"intents": ["greeting"], "x": HALF}]}
    response = client.post("/v1/systemone", json={**body, "questions": {HALF: score}})

    assert response.status_code == 200
    assert response.json["answers"][HALF]["legend"]["1"] == {"intents": ["greeting"], "x": HALF}


def test_error_names_the_place_as_it_was_sent(client):
    """The path to a field that can't be answered may hold such names."""
    choice = {"type": "choice", "criteria": {HALF: "nothing known", "greeting": None}}
    response = client.post("/v1/systemone", json={"state": "hi", "questions": {HALF: choice}})

    assert response.status_code == 422
    assert response.json["detail"][0]["loc"] == [
        *("body", "questions", HALF, "choice", "criteria", HALF)
    ]


def test_an_event_is_refused_alone(client):
    """The other events of its batch get their replies."""
    events = [{**EVENT, "data": {"text": HALF}}, {**EVENT, "subject": HALF}, EVENT]
    response = client.post("/", data=json.dumps(events), content_type=REQUESTS["batch"][1])

    rejected, malformed, classified = json.loads(response.data)
    assert (rejected["data"]["status"], malformed["data"]["status"]) == (422, 400)
    assert classified["intent"] == "greeting"
