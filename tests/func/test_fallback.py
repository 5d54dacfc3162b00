"""Doubtful texts, from the socket to the fallback and back."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests
from werkzeug.test import Client

from func.app import App
from func.fallback.cascade import Cascade
from func.handler import IntentFunction
from func.messages import Deferred, Response
from func.settings import Settings
from func.telemetry.metrics import Metrics
from func.telemetry.recorder import Telemetry
from model.inference.intent_model import IntentModel
from model.training.fitted_model import MODEL_NAME
from tests.support.fallbacks.servers import FallbackServer, fallback_server
from tests.support.timeouts import TIMEOUT_S

METRICS = re.compile(r"Metrics on (http://\S+?/metrics)")
KSERVE = "/v1/models/intent-classifier:predict"
TEXT = {"text": "hello"}
EVENT = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/test", "ce-type": "test"}
STRUCTURED = {"specversion": "1.0", "id": "1", "source": "/test", "type": "test", "data": TEXT}


@pytest.fixture
def fallback() -> Iterator[FallbackServer]:
    """A fallback that says order_tracking to everything."""
    with fallback_server() as server:
        server.intent = "order_tracking"
        yield server


@pytest.fixture
def function(small_model: IntentModel, fallback: FallbackServer) -> IntentFunction:
    """A function that is to be acted on for nothing, so that all texts are doubtful."""
    settings = Settings(fallback_url=fallback.url, fallback_timeout_s=TIMEOUT_S)
    model = IntentModel(small_model._scorer, replace(small_model.card, act_above=1.0))
    return IntentFunction(model, settings, cascade=Cascade.from_settings(settings))


def close(function: IntentFunction) -> None:
    """Close the connections to the fallback."""
    assert function.cascade
    function.cascade.close()


@pytest.fixture
def telemetry(small_model: IntentModel) -> Telemetry:
    return Telemetry(metrics=Metrics(small_model.card))


@pytest.fixture
def client(function: IntentFunction, telemetry: Telemetry) -> Iterator[Client]:
    yield Client(App(function, telemetry))
    close(function)


def test_answer_says_that_the_fallback_gave_it(client):
    """Its confidence is the fallback's, and it is not to be acted on: nobody has measured it."""
    answer = client.post("/predict", json=TEXT).json
    assert answer == {
        "intent": "order_tracking",
        "confidence": 0.9,
        "act": False,
        "answered_by": "fallback",
    }


def test_answer_of_the_model_is_marked_if_the_fallback_has_none(client, fallback):
    """A fallback that refuses costs the caller nothing but time."""
    fallback.status = 429
    answer = client.post("/predict", json=TEXT).json
    assert (answer["intent"], answer["answered_by"]) == ("greeting", "model")


def test_explanations_are_the_models_own(client, fallback):
    """They explain its own answer, so nothing is asked."""
    answer = client.post("/predict", json={**TEXT, "explain": True}).json
    assert answer["intent"] == "greeting"
    assert "answered_by" not in answer
    assert not fallback.asked


def test_batches_are_asked_about_text_by_text(client, fallback):
    """Each has its own mark."""
    batch = client.post("/predict", json={"texts": ["hello", "hi"]}).json["predictions"]
    assert [each["answered_by"] for each in batch] == ["fallback"] * 2
    assert sorted(question["state"] for question in fallback.asked) == ["hello", "hi"]


def test_event_has_an_attribute_for_who_answered(client):
    """Its certainty is low, so that the review collects it."""
    headers = client.post("/", headers=EVENT, json=TEXT).headers
    names = ("ce-intent", "ce-answeredby", "ce-certainty", "ce-act")
    assert [headers[name] for name in names] == ["order_tracking", "fallback", "low", "false"]


def test_events_of_a_batch_have_the_attribute_as_well(client):
    """Unless one of them asks for an explanation."""
    content_type = "application/cloudevents-batch+json"
    explained = {**STRUCTURED, "data": {**TEXT, "explain": True}}
    answered = [
        [
            reply.get("answeredby")
            for reply in json.loads(
                client.post("/", data=json.dumps(batch), content_type=content_type).data
            )
        ]
        for batch in ([STRUCTURED, STRUCTURED], [STRUCTURED, explained])
    ]
    assert answered == [["fallback", "fallback"], [None, None]]


def test_kserve_instances_are_asked_about(client):
    """They have the form of our contract."""
    [answer] = client.post(KSERVE, json={"instances": ["hello"]}).json["predictions"]
    assert (answer["intent"], answer["answered_by"]) == ("order_tracking", "fallback")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("/predict", {"inputs": "hello"}, id="text classification"),
        pytest.param("/classify", {"input": "hello"}, id="vllm"),
        pytest.param(
            "/v1/systemone",
            {
                "state": "hello",
                "questions": {"a": {"type": "choice", "criteria": {"greeting": None}}},
            },
            id="system one",
        ),
        pytest.param("/gateway/ext-authz/chat", TEXT, id="gateway"),
    ],
)
def test_probabilities_and_gateways_are_the_models_own(client, fallback, path, body):
    """Distributions are calibrated, and gateways do not wait."""
    assert client.post(path, json=body).status_code == 200
    assert not fallback.asked


def test_recorded_intent_is_the_fallbacks(client, telemetry):
    """Logs and metrics have what was answered."""
    client.post("/predict", json=TEXT)
    telemetry.flush()
    assert telemetry.metrics.confidences["order_tracking"].count == 1


def test_deferred_responses_are_recorded_once_they_are_there(function, telemetry):
    """Those that need no fallback at once."""
    app = App(function, telemetry)
    environ: dict[str, Any] = {"REQUEST_METHOD": "GET", "PATH_INFO": "/health"}
    healthy = app.parse(environ)
    doubtful = app.parse(
        {
            **environ,
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/predict",
            "CONTENT_TYPE": "text/plain",
            "CONTENT_LENGTH": "5",
            "wsgi.input": io.BytesIO(b"hello"),
        }
    )
    response, deferred = app.respond_or_defer([healthy, doubtful])
    assert isinstance(response, Response)
    assert isinstance(deferred, Deferred)
    assert response.body == b'{"status":"ok"}'
    telemetry.flush()
    assert {labels[1] for labels in telemetry.metrics.durations} == {"/health"}
    assert b'"answered_by":"fallback"' in deferred.finish().body
    assert b'"answered_by":"model"' in deferred.decline().body
    telemetry.flush()
    assert telemetry.metrics.durations["POST", "/predict", 200, "http"].count == 2
    close(function)


def test_server_asks_the_fallback(start_server, fallback, tmp_path):
    """With a token, by a running server; its metrics and log say so."""
    token = tmp_path / "token"
    token.write_text("secret")
    server = start_server(
        is_measured=True,
        FALLBACK_URL=fallback.url,
        FALLBACK_TOKEN_FILE=str(token),
        FALLBACK_TIMEOUT_S=str(TIMEOUT_S),
        LOW_CONFIDENCE="1",
        METRICS_PORT="0",
    )
    small = requests.post(f"{server.url}/predict", json=TEXT, timeout=TIMEOUT_S)
    large = requests.post(
        f"{server.url}/predict", json={"texts": ["hi " * 1000] * 2}, timeout=TIMEOUT_S
    )
    assert small.json()["answered_by"] == "fallback"
    assert [each["answered_by"] for each in large.json()["predictions"]] == ["fallback"] * 2
    assert set(fallback.tokens) == {"Bearer secret"}
    found = METRICS.search("".join(server.lines))
    assert found
    metrics = requests.get(found[1], timeout=TIMEOUT_S).text
    assert 'intent_fallback_texts_total{result="answered"} 3.0' in metrics
    assert "intent_fallback_breaker_open 0.0" in metrics
    _, log = server.stop()
    assert '"answered_by": "fallback"' in log
    assert "secret" not in log


@pytest.mark.parametrize("kind", ["systemone", "decisions"])
def test_our_own_server_can_be_the_fallback(start_server, kind, small_folder):
    """It speaks both contracts, so a small function can have a larger one behind it."""
    larger = start_server()
    server = start_server(
        FALLBACK_URL=f"{larger.url}/v1/{kind}",
        FALLBACK_TIMEOUT_S=str(TIMEOUT_S),
        MODEL_PATH=str(small_folder / MODEL_NAME),
        LOW_CONFIDENCE="1",
    )
    answer = requests.post(f"{server.url}/predict", json=TEXT, timeout=TIMEOUT_S).json()
    assert (answer["intent"], answer["answered_by"]) == ("greeting", "fallback")
