"""The Flask app: the rare routes, and the same responses as the fast path to the others."""

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
def test_flask_alone_predicts_as_the_whole_app(flask_client, client, path):
    """Served alone, the Flask app returns the same predictions."""
    body = {"text": "reset my password", "top_k": 2}

    assert flask_client.post(path, json=body).json == client.post(path, json=body).json


@pytest.mark.parametrize("path", ["/health", "/health/liveness", "/health/readiness"])
def test_head_of_health_has_no_body(client, path):
    """HEAD gets the response of GET without its body."""
    response = client.head(path)

    assert (response.status_code, response.data) == (200, b"")
    assert response.content_length == 15


@pytest.mark.parametrize("path", ["//health", "//model", "///", "/health/", "/HEALTH"])
def test_paths_are_exact(client, path):
    """A gateway's rule for a path holds for the function, which knows no second spelling of it."""
    response = client.get(environ_overrides={"PATH_INFO": path})

    assert (response.status_code, response.json) == (404, {"error": "Not Found"})


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        pytest.param("PUT", "/", {"GET", "HEAD", "POST", "OPTIONS"}, id="root"),
        pytest.param("PUT", "/predict", {"POST", "OPTIONS"}, id="predict"),
    ],
)
def test_wrong_method_gets_the_allowed_ones(client, method, path, allowed):
    """405 has the header Allow, as RFC 9110 requires."""
    response = client.open(path, method=method)

    assert set(response.headers["Allow"].split(", ")) == allowed


def test_model_card_is_shown(client, small_folder):
    """The response is the model card that training wrote."""
    response = client.get("/model")

    assert response.json == json.loads((small_folder / CARD_NAME).read_text())
