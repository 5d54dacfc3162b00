"""``POST /feedback``: what becomes of a correction."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path

import pytest
from werkzeug.test import Client

from func.app import App
from func.authentication import Authentication, BearerTokens
from func.handler import IntentFunction
from tests.support.kubernetes.event_sink import running_sink

CORRECTION = {
    "text": "where is my parcel",
    "answer": {"intent": "greeting", "confidence": 0.41},
    "intent": "order_tracking",
}


@pytest.fixture
def sink():
    """A sink that takes all events."""
    with running_sink() as running:
        yield running


@pytest.fixture
def correcting(small_model, settings, sink):
    """A client of an app that has a sink."""
    return Client(App(IntentFunction(small_model, replace(settings, k_sink=sink.url))))


def test_correction_becomes_an_event(correcting, sink):
    """The response is 202, and names the event that the sink has taken."""
    response = correcting.post("/feedback", json=CORRECTION)

    [(_, headers, body)] = sink.received
    assert (response.status_code, response.json) == (202, {"id": headers["ce-id"]})
    assert headers["ce-type"] == "org.intentclassifier.intent.corrected"
    assert json.loads(body) == CORRECTION


def test_without_sink_corrections_are_refused(client):
    """A server without a sink says so before it looks at the correction."""
    response = client.post("/feedback", data="{")

    assert response.status_code == 501
    assert "K_SINK is not set" in response.json["error"]


def test_failure_of_the_sink_is_reported(correcting, sink):
    """The client learns that the sink did not take the correction."""
    sink.status = 500

    response = correcting.post("/feedback", json=CORRECTION)

    assert (response.status_code, response.json) == (
        502,
        {"error": "The sink did not accept the correction"},
    )


def test_wrong_correction_is_not_sent(correcting, sink):
    """An invalid correction gets the error of its field."""
    response = correcting.post("/feedback", json={**CORRECTION, "intent": ""})

    assert response.status_code == 400
    assert sink.received == []


def test_correction_needs_the_token(small_model, settings, sink, tmp_path: Path):
    """Where predictions need a token, corrections need it too."""
    (tmp_path / "tokens").write_text("open-sesame")
    authentication = Authentication(BearerTokens.load(tmp_path / "tokens"))
    settings = replace(settings, k_sink=sink.url)
    client = Client(App(IntentFunction(small_model, settings, authentication)))
    bearer = {"Authorization": "Bearer open-sesame"}

    refused = client.post("/feedback", json=CORRECTION)
    accepted = client.post("/feedback", json=CORRECTION, headers=bearer)

    assert (refused.status_code, accepted.status_code) == (401, 202)
    assert len(sink.received) == 1


def test_correction_is_not_logged(correcting, caplog):
    """The log holds neither the text nor the intents of a correction."""
    caplog.set_level(logging.DEBUG)

    correcting.post("/feedback", json=CORRECTION)

    logged = " ".join(str(record.__dict__) for record in caplog.records)
    assert "parcel" not in logged
    assert "order_tracking" not in logged
