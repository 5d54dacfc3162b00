"""The event contract: the reply to each event."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from func.messages import Outcome, ParsedRequest, Response
from func.models.served_model import ServedModel
from func.protocols.cloudevents import Event, Mode
from func.protocols.event_api import EventApi
from func.protocols.json_api import NOT_AN_OBJECT
from func.settings import Settings
from model.inference.calibration import Temperature
from model.inference.intent_model import IntentModel

REQUIRED = {"specversion": "1.0", "id": "1", "source": "/test", "type": "test.type"}


def request(data: object, **attributes: str) -> Event:
    """Return an event with the given data."""
    return Event(REQUIRED | attributes, data)


class Answering:
    """The event contract with a model that predicts its requests."""

    def __init__(self, model: IntentModel, settings: Settings) -> None:
        self._api, self._model = EventApi(settings), model
        self._served = ServedModel("intents", "", model, 0)

    def __call__(self, data: object, **attributes: str) -> Event:
        """Return the reply to an event that must have one."""
        return Event.from_json(json.loads(self.respond(data, **attributes).body))

    def respond(self, data: object, **attributes: str) -> Response:
        """Return the response to an event in structured mode."""
        event = request(data, **attributes)
        return self._respond(self._api.parse(event, Mode.STRUCTURED, self._served))

    def batch(self, values: Sequence[object], batch_id: str = "b") -> list[Event]:
        """Return the replies to a batch of events."""
        body = self._respond(self._api.parse_batch(values, batch_id, self._served)).body
        return [Event.from_json(value) for value in json.loads(body or "[]")]

    def _respond(self, parsed: ParsedRequest) -> Response:
        return parsed.respond(self._model.predict(parsed.utterances, top_k=parsed.top_k))


@pytest.fixture
def answer(small_model, settings):
    """The event contract, answered by the small model."""
    return Answering(small_model, settings)


def test_reply_holds_the_prediction(answer):
    """The reply has the type of classified intents, and the prediction as its data."""
    reply = answer({"text": "reset my password"})

    assert reply.attributes["type"] == "org.intentclassifier.intent.classified"
    assert reply.attributes["source"] == "/intent-classifier"
    assert reply.attributes["specversion"] == "1.0"
    assert reply.attributes["datacontenttype"] == "application/json"
    assert reply.attributes["intent"] == "password_reset"
    assert datetime.fromisoformat(reply.attributes["time"]).tzinfo
    assert reply.data["intent"] == "password_reset"
    assert 0 < reply.data["confidence"] <= 1
    assert reply.data["request"] == {"id": "1", "source": "/test"}


@pytest.mark.parametrize(
    ("low_confidence", "certainty"),
    [pytest.param(0.1, "high", id="above"), pytest.param(0.9, "low", id="below")],
)
def test_low_confidence_is_marked_by_an_attribute(small_model, settings, low_confidence, certainty):
    """A confidence below the setting sets ``certainty`` to low, so that a Trigger can filter."""
    card = replace(small_model.card, temperature=Temperature(1000.0))
    unsure = IntentModel(small_model._scorer, card)
    answer = Answering(unsure, replace(settings, low_confidence=low_confidence))

    reply = answer({"text": "reset my password"})

    assert reply.attributes["type"] == "org.intentclassifier.intent.classified"
    assert reply.attributes["certainty"] == certainty


@pytest.mark.parametrize(
    ("act_above", "act"),
    [
        pytest.param(0.0, "true", id="above"),
        pytest.param(1.0, "false", id="below"),
        pytest.param(None, None, id="none-chosen"),
    ],
)
def test_attribute_says_whether_to_act(small_model, settings, act_above, act):
    """A Trigger can filter by it, where training chose from which confidence on."""
    card = replace(small_model.card, act_above=act_above)
    answer = Answering(IntentModel(small_model._scorer, card), settings)

    assert answer({"text": "reset my password"}).attributes.get("act") == act


def test_options_work_as_over_http(answer):
    """Alternatives and evidence are in the reply if the data requests them."""
    reply = answer({"message": "reset my password", "top_k": 2, "explain": True})

    assert len(reply.data["alternatives"]) == 2
    assert reply.data["evidence"]


def test_out_of_scope_reply_has_a_type_of_its_own(small_model, settings):
    """An out-of-scope reply has its own type and extension attribute."""
    scorer, card = small_model._scorer, replace(small_model.card, threshold=1.0)
    reply = Answering(IntentModel(scorer, card), settings)({"text": "hello"})

    assert reply.attributes["type"] == "org.intentclassifier.intent.out_of_scope"
    assert reply.attributes["intent"] == "out_of_scope"
    assert reply.attributes["certainty"] == "low"
    assert reply.data["intent"] == "out_of_scope"


def test_source_and_type_prefix_are_settings(small_model, settings):
    """Settings determine the source and the type prefix of replies."""
    named = replace(settings, event_source="https://shop.example", event_type_prefix="com.shop")
    reply = Answering(small_model, named)({"text": "hello"})

    assert reply.attributes["source"] == "https://shop.example"
    assert reply.attributes["type"] == "com.shop.intent.classified"


def test_redelivered_event_gets_the_same_id(answer):
    """The reply's id is a UUID of version 5, derived from the request's source and id."""
    first = answer({"text": "hello"}).attributes["id"]
    again = answer({"text": "hello"}).attributes["id"]

    assert first == again
    assert uuid.UUID(first).version == 5


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"id": "2"}, id="other-id"),
        pytest.param({"source": "/other"}, id="other-source"),
    ],
)
def test_other_event_gets_another_id(answer, other):
    """Requests that differ in source or id get replies with different ids."""
    first = answer({"text": "hello"})
    second = answer({"text": "hello"}, **other)

    assert first.attributes["id"] != second.attributes["id"]


def test_context_is_carried_over(answer):
    """The reply copies subject, tracing, correlation and partition key of the request."""
    carried = {
        "subject": "chat 7 €",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "tracestate": "vendor=1",
        "correlationid": "c-1",
        "partitionkey": "p-1",
    }
    reply = answer({"text": "hello"}, **carried, unrelated="x")

    assert carried.items() <= reply.attributes.items()
    assert "unrelated" not in reply.attributes


@pytest.mark.parametrize("name", ["correlationid", "causationid"])
def test_request_is_the_cause_of_the_reply(answer, name):
    """If the request has a correlation id, the reply names the request as its cause."""
    reply = answer({"text": "hello"}, **{name: "x"})

    assert reply.attributes["causationid"] == "1"


def test_reply_names_no_cause_without_correlation(answer):
    """A reply has no correlation attributes if the request has none."""
    assert "causationid" not in answer({"text": "hello"}).attributes


@pytest.mark.parametrize("kind", ["classified", "out_of_scope", "rejected"])
def test_own_replies_are_not_answered(answer, kind):
    """A reply that is delivered to the function gets no reply, so that no loop forms."""
    response = answer.respond({"text": "hi"}, type=f"org.intentclassifier.intent.{kind}")

    assert (response.status, response.body) == (202, b"")


@pytest.mark.parametrize(
    ("datacontenttype", "data"),
    [
        pytest.param("application/json", b'{"text": "hello"}', id="json-bytes"),
        pytest.param("application/json", {"text": "hello"}, id="json-value"),
        pytest.param("application/vnd.chat+json", b'{"text": "hello"}', id="json-suffix"),
        pytest.param("text/plain", b"hello", id="text-bytes"),
        pytest.param("text/plain; charset=utf-8", "hello", id="text-value"),
    ],
)
def test_data_is_read_by_its_type(answer, datacontenttype, data):
    """JSON and plain text are read, as bytes or as a JSON value."""
    reply = answer(data, datacontenttype=datacontenttype)

    assert reply.attributes["intent"] == "greeting"


@pytest.mark.parametrize(
    ("datacontenttype", "data", "message"),
    [
        pytest.param("application/json", None, "Missing 'text' parameter", id="no-data"),
        pytest.param("application/json", {}, "Missing 'text' parameter", id="no-text"),
        pytest.param("application/json", "hello", NOT_AN_OBJECT, id="json-string"),
        pytest.param("application/json", b'"hello"', NOT_AN_OBJECT, id="json-string-as-bytes"),
        pytest.param("application/json", 7, NOT_AN_OBJECT, id="json-number"),
        pytest.param("application/json", b"null", "Missing 'text' parameter", id="json-null"),
        pytest.param("application/json", {"text": 1}, "'text' must be a string", id="number"),
        pytest.param("application/json", {"text": ""}, "'text' must not be empty", id="empty"),
        pytest.param("application/json", b"{", "The body is not valid JSON", id="broken-json"),
        pytest.param("application/json", b"[1]", NOT_AN_OBJECT, id="json-array"),
        pytest.param("text/plain", b"\xff", "The body is not valid UTF-8", id="bad-bytes"),
        pytest.param("text/plain", {"a": 1}, "The text must be a string", id="text-no-string"),
        pytest.param(
            "application/json",
            {"texts": ["a"]},
            "An event holds one 'text'; send an event for each text",
            id="texts",
        ),
        pytest.param(
            "image/png",
            b"\x89PNG",
            "The datacontenttype must be application/json or text/plain",
            id="picture",
        ),
        pytest.param(
            "text/plain; charset=ebcdic",
            b"\x89",
            "The charset must be one of utf-8, utf8, us-ascii, iso-8859-1",
            id="charset",
        ),
    ],
)
def test_unusable_data_is_refused_with_the_reason(answer, datacontenttype, data, message):
    """A valid event without a text gets a 422, which brokers dead-letter at once."""
    response = answer.respond(data, datacontenttype=datacontenttype)

    assert (response.status, json.loads(response.body)) == (422, {"error": message})
    assert response.outcome == Outcome("structured", event=REQUIRED)


def test_long_text_is_too_large(answer):
    """The length limit of an utterance applies to events too."""
    assert answer.respond({"text": "x" * 201}).status == 413


def test_batch_gets_a_reply_for_each_event(answer):
    """A bad event gets an error at its place; the other replies keep their order."""
    first, second, third = answer.batch(
        [
            REQUIRED | {"id": "a", "data": {"text": "hello"}},
            REQUIRED | {"id": "b", "subject": "s", "data": {}},
            REQUIRED | {"id": "c", "data": {"text": "reset my password"}},
        ],
    )

    assert first.attributes["intent"] == "greeting"
    assert second.attributes["type"] == "org.intentclassifier.intent.rejected"
    assert second.attributes["subject"] == "s"
    assert second.data == {
        "error": "Missing 'text' parameter",
        "status": 422,
        "request": {"id": "b", "source": "/test"},
    }
    assert "intent" not in second.attributes
    assert third.attributes["intent"] == "password_reset"


@pytest.mark.parametrize(
    ("value", "origin", "error"),
    [
        pytest.param(7, {}, "An event must be a JSON object", id="no-object"),
        pytest.param(
            {"id": "x", "correlationid": "c"},
            {"id": "x"},
            "The attribute 'specversion' must be 1.0",
            id="no-source",
        ),
        pytest.param(
            {"id": "x", "source": "/s"},
            {"id": "x", "source": "/s"},
            "The attribute 'specversion' must be 1.0",
            id="no-specversion",
        ),
    ],
)
def test_malformed_event_of_a_batch_is_identified(answer, value, origin, error):
    """The rejection of a malformed event names its readable attributes and has a stable id."""
    [first] = answer.batch([value])
    [again] = answer.batch([value])

    assert first.data == {"error": error, "status": 400, "request": origin}
    assert first.attributes["id"] == again.attributes["id"]


def test_different_malformed_events_get_different_ids(answer):
    """Rejections at different places or of different batches have different ids."""
    first, second = answer.batch([1, 1])
    [other] = answer.batch([1], "c")

    assert len({reply.attributes["id"] for reply in (first, second, other)}) == 3


def test_events_of_a_batch_have_their_own_options(answer):
    """Each event of a batch gets the number of alternatives that it requests."""
    events = [
        REQUIRED | {"id": str(top_k), "data": {"text": "hello", "top_k": top_k}}
        for top_k in (0, 3, 1)
    ]

    replies = answer.batch(events)

    assert [len(reply.data.get("alternatives", ())) for reply in replies] == [0, 3, 1]


def test_missing_explanation_is_reported(unexplained_model, settings):
    """Such an event is rejected; in a batch, the other events are still answered."""
    answer = Answering(unexplained_model, settings)
    asking = {"text": "hello", "explain": True}

    response = answer.respond(asking)
    rejected, classified = answer.batch(
        [REQUIRED | {"data": asking}, REQUIRED | {"id": "2", "data": {"text": "bye"}}]
    )
    assert response.status == rejected.data["status"] == 422
    assert json.loads(response.body) == {"error": "This model can't explain its predictions"}
    assert classified.attributes["intent"] == "goodbye"


@pytest.mark.parametrize("kind", ["rejected", "corrected"])
def test_own_events_in_a_batch_are_left_out(answer, kind):
    """A batch of the function's own replies and corrections gets no reply."""
    own = REQUIRED | {"type": f"org.intentclassifier.intent.{kind}"}

    assert answer.batch([own]) == []
