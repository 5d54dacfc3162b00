"""The handler: parsing requests, predicting once for all, and responding to each."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from func.handler import IntentFunction
from func.messages import Environ, ParsedRequest
from func.protocols.dialect_routes import DIALECTS
from func.settings import MODEL_NAME


@pytest.fixture
def function(small_model, settings):
    """The function with the small model."""
    return IntentFunction(small_model, settings)


def post(fields: Any) -> Environ:
    """Return the WSGI environment of a request whose body is this JSON value."""
    body = json.dumps(fields).encode()
    return {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }


def test_requests_are_answered_in_order_by_one_prediction(function, monkeypatch):
    """Each response has the predictions of its own request, the refused one its error."""
    predict, calls = function.model.predict, []

    def count(utterances: list[str], **options: Any) -> Any:
        calls.append(utterances)
        return predict(utterances, **options)

    monkeypatch.setattr(function.model, "predict", count)
    bodies: list[dict[str, Any]] = [
        {"text": "hello"},
        {},
        {"texts": ["where is my order", "hi"], "top_k": 1},
    ]
    responses = function.respond([function.parse(post(body)) for body in bodies])

    assert calls == [["hello", "where is my order", "hi"]]
    assert [int(response.status) for response in responses] == [200, 400, 200]
    single, _, batch = (json.loads(response.body) for response in responses)
    assert single.keys() == {"intent", "confidence"}
    assert [each["intent"] for each in batch["predictions"]] == ["order_tracking", "greeting"]


def test_one_failing_request_does_not_fail_the_batch(function, monkeypatch):
    """If the joint prediction fails, each request is predicted by itself."""
    predict = function.model.predict

    def fail(utterances: list[str], **options: Any) -> Any:
        assert "poison" not in utterances
        return predict(utterances, **options)

    monkeypatch.setattr(function.model, "predict", fail)
    parsed = [function.parse(post({"text": text})) for text in ("hello", "poison", "hi")]

    assert [int(each.status) for each in function.respond(parsed)] == [200, 500, 200]


def test_fault_while_rendering_fails_its_request_only(function, monkeypatch):
    """An unexpected error becomes a 500, and the other responses are sent."""
    monkeypatch.setattr(function.model, "explain", None)
    bodies: list[dict[str, Any]] = [{"text": "hello", "explain": True}, {"text": "hello"}]

    responses = function.respond([function.parse(post(body)) for body in bodies])
    assert [int(each.status) for each in responses] == [500, 200]


def test_fault_while_parsing_is_an_internal_error(function):
    """A parsed request always exists, even for a body that can't be read."""
    parsed = function.parse({**post({}), "wsgi.input": None})

    assert not parsed.utterances
    assert function.respond([parsed])[0].status == 500


def test_no_requests_have_no_responses(function):
    """An empty sequence is allowed."""
    assert function.respond([]) == []


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"explain": True}, id="explanation"),
        pytest.param({"top_k": 50}, id="alternatives"),
        pytest.param({"text": "hello " * 30}, id="longer"),
        pytest.param({"text": "\ufdfa" * 5}, id="expands-under-normalisation"),
    ],
)
def test_estimated_work_grows_with_text_and_options(function, options):
    """The server decides by it which thread answers."""
    plain = function.parse(post({"text": "hello"}))
    larger = function.parse(post({"text": "hello", **options}))

    assert 0 < plain.work < larger.work


def test_estimated_work_allows_for_corrections(function):
    """Of a text of known words, a character takes half a microsecond."""
    short, long = (function.parse(post({"text": "hello " * count})) for count in (1, 30))

    assert long.work - short.work >= 0.7 * len("hello " * 29)


@pytest.fixture
def with_encoder(sentence_model, settings):
    """The function with a model that has a sentence encoder."""
    return IntentFunction(sentence_model, settings)


def test_sentence_encoder_is_more_work(function, with_encoder):
    """An encoder takes longer than n-grams, and longer for longer texts and explanations."""
    bodies = ({"text": "to be"}, {"text": "to be " * 30}, {"text": "to be", "explain": True})
    without = function.parse(post(bodies[0]))
    short, long, explained = (with_encoder.parse(post(body)) for body in bodies)

    assert without.work + 1000 < short.work < min(long.work, explained.work) - 1000


@pytest.mark.parametrize("data", ["hello", "hello " * 30], ids=["short", "long"])
def test_work_of_events_contains_that_of_the_encoder(with_encoder, function, data):
    """An event by itself and one in a batch are estimated as any request."""
    event = {"specversion": "1.0", "id": "1", "source": "x", "type": "y", "data": {"text": data}}
    kinds = {"application/cloudevents+json": event, "application/cloudevents-batch+json": [event]}

    for content_type, body in kinds.items():
        with_model, without = (
            each.parse({**post(body), "CONTENT_TYPE": content_type})
            for each in (with_encoder, function)
        )
        expected = with_encoder.model.encoding_work([data])
        assert with_model.work - without.work == expected > 1000


def parse_request(function: IntentFunction, fields: dict[str, Any]) -> ParsedRequest:
    """Parse a request of our own contract."""
    return function.parse(post(fields))


def parse_event(function: IntentFunction, fields: dict[str, Any]) -> ParsedRequest:
    """Parse an event in binary mode."""
    names = ("id", "source", "type")
    attributes = {f"HTTP_CE_{name.upper()}": "a" for name in names}
    return function.parse({**post(fields), **attributes, "HTTP_CE_SPECVERSION": "1.0"})


def parse_instance(function: IntentFunction, fields: dict[str, Any]) -> ParsedRequest:
    """Parse a request of KServe's protocol, version 1."""
    dialect = DIALECTS["POST", f"/v1/models/{MODEL_NAME}:predict"]
    return function.parse_dialect(dialect, post({"instances": [fields]}))


@pytest.mark.parametrize("parse", [parse_request, parse_event, parse_instance])
def test_explanations_are_more_work_in_each_form(with_encoder, parse):
    """An encoder takes each word of the text for its explanation, though it keeps the text."""
    text = "where is my parcel"
    plain = parse(with_encoder, {"text": text})
    explained = parse(with_encoder, {"text": text, "explain": True})

    assert explained.work - plain.work >= with_encoder.model.explaining_work([text]) > 1000


def test_sentence_encoder_answers_in_a_language_without_training_data(with_encoder):
    """A German question gets the intent of the English utterances."""
    response = with_encoder(post({"text": "Passwort vergessen", "top_k": 1}))

    assert json.loads(response.body)["alternatives"][0]["intent"] == "password_reset"


def test_refused_requests_are_no_work(function):
    """Their responses exist already."""
    assert function.parse(post({})).work == 0
