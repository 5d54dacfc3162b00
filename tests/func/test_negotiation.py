"""Responses as their clients get them: compressed, with headers for other origins."""

from __future__ import annotations

import gzip
import json
import logging
from dataclasses import replace

import pytest
from werkzeug.test import Client

from func.app import App
from func.authentication import Authentication
from func.handler import IntentFunction
from func.messages import Response
from func.models.named_models import NamedModels
from func.negotiation import Negotiation
from func.settings import Settings

SHOP = "https://shop.example"
LARGE = Response(b"x" * 1401)
GZIP = {"HTTP_ACCEPT_ENCODING": "gzip"}


@pytest.fixture
def open_client(small_model, settings) -> Client:
    """A client of an app that pages and webhooks of some origins may call."""
    changed = replace(settings, cors_origins=(SHOP,), webhook_origins=("eventgrid.azure.net",))
    return Client(App(IntentFunction(small_model, changed)))


def test_small_response_stays_as_it_is():
    """A body that fits into a packet is neither compressed nor copied."""
    response = Response(b"x" * 1400)

    assert Negotiation(Settings()).adapt(GZIP, response) is response


def test_large_response_is_compressed_if_asked_for():
    """The headers say the coding, and that it depends on the request."""
    adapted = Negotiation(Settings()).adapt(GZIP, LARGE)

    assert gzip.decompress(adapted.body) == LARGE.body
    assert adapted.headers == (("Vary", "Accept-Encoding"), ("Content-Encoding", "gzip"))


def test_large_response_stays_plain_unless_asked_for():
    """Caches learn even so that the coding depends on the request."""
    adapted = Negotiation(Settings()).adapt({}, LARGE)

    assert (adapted.body, adapted.headers) == (LARGE.body, (("Vary", "Accept-Encoding"),))


def test_answers_of_the_app_are_compressed(client):
    """Predictions and the routes of Flask are alike."""
    headers = {"Accept-Encoding": "gzip"}
    texts = ["where is my order and parcel"] * 4
    long = client.post("/predict", json={"texts": texts, "explain": True}, headers=headers)
    described = client.get("/openapi.json", headers=headers)
    plain = client.get("/openapi.json")

    assert [long.headers["Content-Encoding"], described.headers["Content-Encoding"]] == ["gzip"] * 2
    assert json.loads(gzip.decompress(described.data)) == plain.json
    assert int(described.headers["Content-Length"]) == len(described.data)
    assert plain.headers["Vary"] == "Accept-Encoding"


def test_page_may_call_from_an_allowed_origin(open_client):
    """Preflight and response both allow the origin, on any route."""
    asked = {"Origin": SHOP, "Access-Control-Request-Method": "POST"}
    preflight = open_client.options("/predict", headers=asked)
    answers = [
        open_client.post("/predict", json={"text": "hello"}, headers={"Origin": SHOP}),
        open_client.post("/predict", json={}, headers={"Origin": SHOP}),
        open_client.get("/nope", headers={"Origin": SHOP}),
    ]

    assert (preflight.status_code, preflight.data) == (204, b"")
    assert "Content-Length" not in preflight.headers
    assert [answer.status_code for answer in answers] == [200, 400, 404]
    allowed = {answer.headers["Access-Control-Allow-Origin"] for answer in (preflight, *answers)}
    assert allowed == {SHOP}


@pytest.mark.parametrize(
    "path",
    [
        "/models/acme/predict",
        "/v1/models/acme:predict",
        "/v1/models/intent-classifier:predict",
        "/v2/models/acme/infer",
    ],
)
def test_page_may_call_named_models(small_model, settings, tmp_path, path):
    """The preflight has no need of the model."""
    changed = replace(settings, cors_origins=(SHOP,), models_uri=str(tmp_path))
    models = NamedModels.from_settings(changed)
    client = Client(App(IntentFunction(small_model, changed, models=models)))
    asked = {"Origin": SHOP, "Access-Control-Request-Method": "POST"}

    assert client.options(path, headers=asked).status_code == 204


def test_gateway_asks_about_preflights_of_its_clients(open_client):
    """The service behind the gateway decides on them."""
    asked = {"Origin": SHOP, "Access-Control-Request-Method": "POST"}
    answer = open_client.options("/gateway/ext-authz/predict", headers=asked)

    assert (answer.status_code, answer.headers["x-intent"]) == (200, "out_of_scope")


def test_page_of_another_origin_is_refused(open_client):
    """The preflight says why, and no response allows the origin."""
    evil = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    preflight = open_client.options("/predict", headers=evil)
    answer = open_client.post("/predict", json={"text": "hello"}, headers=evil)

    assert (preflight.status_code, preflight.json) == (
        403,
        {"error": "This origin is not allowed"},
    )
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_paths_of_preflights_are_not_recorded(open_client, caplog):
    """Any path is answered, so that it may hold anything."""
    caplog.set_level(logging.INFO)
    open_client.options("/secret-marker", headers={"Origin": SHOP})
    [record] = caplog.records

    assert vars(record)["fields"]["route"] == "*"


def test_webhook_handshake_is_answered(open_client):
    """The sender of events gets 200, and no body."""
    answer = open_client.options("/", headers={"WebHook-Request-Origin": "eventgrid.azure.net"})

    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["WebHook-Allowed-Origin"] == "eventgrid.azure.net"


def test_options_without_settings_lists_the_methods(client):
    """By default no other origin is allowed anything."""
    asked = {"Origin": SHOP, "Access-Control-Request-Method": "POST"}
    answer = client.options("/predict", headers=asked)

    assert answer.status_code == 200
    assert set(answer.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_token_is_not_needed_to_ask_first(small_model, settings):
    """Browsers and clouds send none before they know that they may."""
    changed = replace(settings, cors_origins=("*",))

    function = IntentFunction(small_model, changed, Authentication(None))
    client = Client(App(function))

    assert client.options("/predict", headers={"Origin": SHOP}).status_code == 204
    assert client.post("/predict", json={"text": "hi"}).status_code == 401
