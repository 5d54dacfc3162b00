"""External authorization: what a gateway gets for the requests that it asks about."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest
from werkzeug.test import Client

from func.app import App
from func.handler import IntentFunction
from model.inference.intent_model import IntentModel

PATH = "/gateway/ext-authz"
SILENT = {"x-intent": "out_of_scope", "x-confidence": "1.0", "x-act": "false"}
UNREAD = {"x-intent": "out_of_scope", "x-confidence": "0.0", "x-act": "false"}


def headers(response):
    """Return the headers of an answer that are for the gateway."""
    return {name: value for name, value in response.headers.items() if name.startswith("x-")}


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
def test_any_request_below_the_path_is_classified(client, method):
    """The gateway appends the path that it was asked for, and keeps the method."""
    response = client.open(f"{PATH}/v1/chat/7", method=method, json={"text": "where is my order"})

    assert (response.status_code, response.data) == (200, b"")
    assert headers(response)["x-intent"] == "order_tracking"
    assert 0 < float(headers(response)["x-confidence"]) <= 1


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param({}, SILENT, id="no-body"),
        pytest.param({"json": {"prompt": "hello"}}, SILENT, id="another-field"),
        pytest.param({"json": {"text": 7}}, SILENT, id="no-text"),
        pytest.param({"json": {"text": "hello", "x": [[]] * 104_857}}, SILENT, id="many-lists"),
        pytest.param({"data": b'{"text": "hel'}, SILENT, id="cut-off"),
        pytest.param({"data": b"a=b", "content_type": "text/html"}, SILENT, id="media-type"),
        pytest.param({"json": {"text": "x" * 201}}, SILENT, id="long-text"),
        pytest.param({"data": b" " * (1024 * 1024 + 1)}, UNREAD, id="large-body"),
        pytest.param({"data": b"x", "headers": {"Content-Encoding": "br"}}, UNREAD, id="coding"),
    ],
)
def test_request_without_a_text_is_passed_on(client, options, expected):
    """The gateway's client asks for something else, which is no error."""
    response = client.post(PATH, **options)

    assert (response.status_code, headers(response)) == (200, expected)


@pytest.mark.parametrize(
    ("pointer", "body"),
    [
        pytest.param("/messages", {"messages": [{"role": "user", "content": "hello"}]}, id="chat"),
        pytest.param("/body/0/a~1b", {"body": [{"a/b": "hello"}]}, id="nested"),
    ],
)
def test_pointer_says_where_the_text_is(small_model, settings, pointer, body):
    """The value may be a text or a conversation."""
    pointed = replace(settings, gateway_text_pointer=pointer)
    client = Client(App(IntentFunction(small_model, pointed)))

    assert headers(client.post(PATH, json=body))["x-intent"] == "greeting"


def test_act_says_whether_the_confidence_suffices(small_model, settings):
    """Training chose the confidence; without one, nothing is acted on."""
    card = replace(small_model.card, act_above=0.01)
    client = Client(App(IntentFunction(IntentModel(small_model._scorer, card), settings)))

    assert headers(client.post(PATH, json={"text": "hello"}))["x-act"] == "true"
    assert headers(client.post(PATH, json={"text": "zzz qqq"}))["x-act"] == "false"


def test_fault_is_no_permission(client, small_model, monkeypatch):
    """The gateway's own setting decides on requests that could not be classified."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret-marker")

    monkeypatch.setattr(small_model, "predict", fail)

    assert client.post(PATH, json={"text": "hello"}).status_code == 500


def test_path_behind_the_route_is_not_recorded(client, caplog):
    """It is a path of another service, and may hold anything."""
    caplog.set_level(logging.INFO)
    client.get(f"{PATH}/secret-marker")
    client.get(f"{PATH}secret-marker")
    records = [vars(record).get("fields", {}) for record in caplog.records]

    assert [(fields["route"], fields["status"]) for fields in records] == [(PATH, 200), (None, 404)]


def test_intents_are_percent_encoded(client, small_model, monkeypatch):
    """Headers carry ASCII only."""
    predict = small_model.predict

    def rename(texts, **options):
        return [each._replace(intent="Größe 5%") for each in predict(texts, **options)]

    monkeypatch.setattr(small_model, "predict", rename)

    response = client.post(PATH, json={"text": "hello"})
    assert headers(response)["x-intent"] == "Gr%C3%B6%C3%9Fe 5%25"
