"""The function as the parliament runtime calls it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, request

import func
from func import entry_point

app = Flask(__name__)


@pytest.fixture(autouse=True)
def _fresh():
    """Discard the model that an earlier call has loaded."""
    entry_point._load_once.cache_clear()
    yield
    entry_point._load_once.cache_clear()


def call(method: str = "POST", **options: object) -> tuple[int, Any]:
    """Call ``func.main`` with a context; return status and JSON of the response."""
    with app.test_request_context("/", method=method, **options):
        response = func.main(SimpleNamespace(request=request))
        return response.status_code, response.json


def test_main_answers_a_request(settings, monkeypatch):
    """``main(context)`` loads the model that the environment names, and classifies."""
    monkeypatch.setenv("MODEL_PATH", str(settings.model_path))
    status, answer = call(json={"text": "hello"})

    assert status == 200
    assert answer["intent"] == "greeting"


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        pytest.param("MODEL_PATH", "/nowhere/m.pkl", "/nowhere/m.pkl does not exist", id="model"),
        pytest.param("PORT", "x", "PORT='x' is not allowed", id="settings"),
    ],
)
def test_without_a_model_main_is_unavailable(monkeypatch, caplog, key, value, line):
    """If the model can't be loaded, the status is one that a broker retries."""
    monkeypatch.setenv(key, value)

    assert call(json={"text": "hi"}) == (503, {"error": "The model is not available"})
    assert line in caplog.text


def test_main_rejects_other_methods(settings, monkeypatch):
    """Any request other than a POST gets an error."""
    monkeypatch.setenv("MODEL_PATH", str(settings.model_path))

    assert call("GET") == (405, {"error": "Method Not Allowed"})
