"""The optional lock: who gets in, and what happens when tokens change."""

from __future__ import annotations

import logging

import pytest
import requests
from werkzeug.test import Client

from func import authentication as tokens_module
from func.app import App
from func.authentication import BearerTokens
from func.handler import IntentFunction
from func.settings import Settings, SettingsError
from model.training.trainer import MODEL_NAME
from tests.support.timeouts import TIMEOUT_S

OPEN = ("/health", "/health/liveness", "/health/readiness", "/docs", "/openapi.json")
OPEN_V2 = ("/v2/health/live", "/v2/health/ready")
LOCKED = ("/model", "/v2", "/v2/models/intent-classifier")


@pytest.fixture
def path(tmp_path):
    """A file with two tokens."""
    path = tmp_path / "tokens"
    path.write_text("first-token\n\n second-token \n")
    return path


@pytest.fixture
def locked(small_folder, path):
    """A client of the app that asks for a token."""
    settings = Settings(model_path=small_folder / MODEL_NAME, api_token_file=path)
    return Client(App(IntentFunction.load(settings)))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param("Bearer first-token", True, id="first"),
        pytest.param("bearer  second-token", True, id="second"),
        pytest.param("Bearer third-token", False, id="unknown"),
        pytest.param("Bearer first-toke", False, id="shorter"),
        pytest.param("Bearer ", False, id="empty"),
        pytest.param("Basic first-token", False, id="other-scheme"),
        pytest.param("first-token", False, id="no-scheme"),
        pytest.param("", False, id="none"),
        pytest.param("Bearer t\u20acken", False, id="not-latin"),
    ],
)
def test_known_tokens_open_the_door(path, header, expected):
    """Only a token that stands in the file, sent as RFC 6750 says, lets a request in."""
    assert BearerTokens.load(path).allow(header) is expected


@pytest.mark.parametrize("content", [None, "", " \n\n"], ids=["missing", "empty", "blank"])
def test_no_start_without_tokens(tmp_path, content):
    """A file that should lock the door and can't is an error, not an open door."""
    path = tmp_path / "tokens"
    if content is not None:
        path.write_text(content)

    with pytest.raises(SettingsError, match=r"API_TOKEN_FILE=.* is not allowed"):
        BearerTokens.load(path)


def test_tokens_are_read_again_when_they_change(path, monkeypatch, caplog):
    """A secret is rotated without a restart; a file that vanishes leaves the door locked."""
    tokens = BearerTokens.load(path)
    path.write_text("third-token")
    assert not tokens.allow("Bearer third-token")

    monkeypatch.setattr(tokens_module, "LOOK_EACH_S", 0.0)
    with caplog.at_level(logging.INFO):
        assert tokens.allow("Bearer third-token")
        assert tokens.allow("Bearer third-token")
        assert not tokens.allow("Bearer first-token")
        path.unlink()
        assert tokens.allow("Bearer third-token")
    log_fields = "\n".join(caplog.messages)
    assert "have changed" in log_fields
    assert "the former ones stay" in log_fields
    assert "third-token" not in log_fields


@pytest.mark.parametrize("route", ["/", "/predict"])
def test_predictions_need_a_token(locked, route):
    """Without one the answer is 401 and says what to send; with one it is a prediction."""
    refused = locked.post(route, json={"text": "hello"})
    answer = locked.post(
        route, json={"text": "hello"}, headers={"Authorization": "Bearer first-token"}
    )

    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    assert refused.json == {"error": "Send a known token: 'Authorization: Bearer …'"}
    assert answer.json["intent"] == "greeting"


@pytest.mark.parametrize("route", [*OPEN, *OPEN_V2])
def test_probes_and_pages_need_none(locked, route):
    """Kubernetes sends no token, nor does a browser that opens a page."""
    assert locked.get(route).status_code == 200


@pytest.mark.parametrize("route", LOCKED)
def test_all_else_needs_a_token(locked, route):
    """The card and the protocol's routes are locked, too; what does not exist is not found."""
    assert locked.get(route).status_code == 401
    assert locked.get(route, headers={"Authorization": "Bearer first-token"}).status_code == 200
    assert locked.get("/nowhere").status_code == 404


def test_running_server_is_locked(start_server, path):
    """The real server refuses over a real socket, and logs no token."""
    server = start_server(API_TOKEN_FILE=str(path))
    body = {"text": "hello"}
    refused = requests.post(server.url, json=body, timeout=TIMEOUT_S)
    headers = {"Authorization": "Bearer second-token"}
    answer = requests.post(server.url, json=body, headers=headers, timeout=TIMEOUT_S)
    _, log = server.stop()

    assert (refused.status_code, answer.status_code) == (401, 200)
    assert "token" not in log
