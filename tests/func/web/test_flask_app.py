"""The Flask app: the rare routes, and the same answers to the others."""

from __future__ import annotations

import json

import pytest

from func.handler import IntentFunction
from func.telemetry.recorder import Telemetry
from func.web.flask_app import create_flask_app
from model.inference.model_card import CARD_NAME


@pytest.fixture
def flask_client(small_model, settings):
    """A client of the Flask app alone."""
    return create_flask_app(IntentFunction(small_model, settings), Telemetry()).test_client()


@pytest.mark.parametrize("path", ["/", "/predict"])
def test_flask_alone_answers_as_the_whole_app(flask_client, client, path):
    """Served by itself it gives the same predictions."""
    body = {"text": "reset my password", "top_k": 2}

    assert flask_client.post(path, json=body).json == client.post(path, json=body).json


@pytest.mark.parametrize("path", ["/health", "/health/liveness", "/health/readiness"])
def test_health_can_be_asked_for_without_a_body(client, path):
    """HEAD is answered as GET, but for the body."""
    response = client.head(path)

    assert (response.status_code, response.data) == (200, b"")
    assert response.content_length == 15


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        pytest.param("PUT", "/", {"GET", "HEAD", "POST", "OPTIONS"}, id="root"),
        pytest.param("PUT", "/predict", {"POST", "OPTIONS"}, id="predict"),
    ],
)
def test_wrong_method_is_told_the_right_ones(client, method, path, allowed):
    """405 comes with the header Allow, as RFC 9110 asks."""
    response = client.open(path, method=method)

    assert set(response.headers["Allow"].split(", ")) == allowed


def test_model_card_is_shown(client, small_folder):
    """The card is what training wrote."""
    response = client.get("/model")

    assert response.json == json.loads((small_folder / CARD_NAME).read_text())
