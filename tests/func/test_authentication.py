"""Optional authentication: accepted tokens, locked routes, and changes of the token file."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from werkzeug.test import Client

from func import authentication
from func.app import App
from func.authentication import MAX_FILE_BYTES, BearerTokens
from func.handler import IntentFunction
from func.settings import Settings, SettingsError
from model.training.fitted_model import MODEL_NAME
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
def always_reload(monkeypatch):
    """Have the file read for each request."""
    monkeypatch.setattr(authentication, "RELOAD_INTERVAL_S", 0.0)


def replace_by(make: Callable[[Path], object]) -> Callable[[Path], None]:
    """Return a function that puts something else in the place of a file."""

    def replace(path: Path) -> None:
        path.unlink()
        make(path)

    return replace


@pytest.fixture
def locked(small_folder, path):
    """A client of an app that requires a token."""
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
def test_only_known_tokens_are_accepted(path, header, expected):
    """Only a token of the file, sent as RFC 6750 requires, authorizes a request."""
    assert BearerTokens.load(path).allow(header) is expected


@pytest.mark.parametrize(
    ("method", "dialect", "field"),
    [
        pytest.param("GET", "/v1/models", "error", id="model-list"),
        pytest.param("GET", "/v1/models/intent-classifier", "error", id="kserve"),
        pytest.param("POST", "/v1/systemone", "detail", id="system-one"),
        pytest.param("POST", "/v1/decisions", "error", id="decisions"),
        pytest.param("POST", "/classify", "error", id="vllm"),
    ],
)
def test_dialects_require_a_token(locked, method, dialect, field):
    """Without a token, each answers 401 in its own form."""
    refused = locked.open(dialect, method=method)
    known = locked.open(dialect, method=method, headers={"Authorization": "Bearer first-token"})

    assert (refused.status_code, [*refused.json]) == (401, [field])
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    assert known.status_code != 401


@pytest.mark.parametrize("content", [None, "", " \n\n"], ids=["missing", "empty", "blank"])
def test_no_start_without_tokens(tmp_path, content):
    """A token file that is missing or empty prevents the start."""
    path = tmp_path / "tokens"
    if content is not None:
        path.write_text(content)

    with pytest.raises(SettingsError, match=r"API_TOKEN_FILE=.* is not allowed"):
        BearerTokens.load(path)


def test_file_is_not_read_for_each_request(path):
    """A change takes effect after the interval only."""
    tokens = BearerTokens.load(path)
    path.write_text("third-token")

    assert tokens.allow("Bearer first-token")
    assert not tokens.allow("Bearer third-token")


@pytest.mark.usefixtures("always_reload")
def test_changed_file_replaces_the_tokens(path, caplog):
    """A secret is rotated without a restart; the log names the file and no token."""
    tokens = BearerTokens.load(path)
    path.write_text("third-token")

    with caplog.at_level(logging.INFO):
        assert tokens.allow("Bearer third-token")
        assert not tokens.allow("Bearer first-token")
    assert caplog.messages == [f"{path} has changed: it holds 1 tokens now"]


@pytest.mark.usefixtures("always_reload")
@pytest.mark.parametrize("content", ["", " \n"], ids=["empty", "blank"])
def test_emptied_file_revokes_the_tokens(path, content):
    """A running function accepts no token any more."""
    tokens = BearerTokens.load(path)
    path.write_text(content)

    assert not tokens.allow("Bearer first-token")


@pytest.mark.usefixtures("always_reload")
@pytest.mark.parametrize(
    ("replace", "reason"),
    [
        pytest.param(Path.unlink, "No such file or directory", id="missing"),
        pytest.param(replace_by(os.mkfifo), "it is not a regular file", id="fifo"),
        pytest.param(replace_by(Path.mkdir), "it is not a regular file", id="directory"),
        pytest.param(
            lambda path: path.write_bytes(b"x" * (MAX_FILE_BYTES + 1)),
            f"it has more than {MAX_FILE_BYTES} bytes",
            id="large",
        ),
        pytest.param(
            replace_by(lambda path: path.symlink_to(path)),
            "Too many levels of symbolic links",
            id="unreadable",
        ),
    ],
)
def test_unusable_file_keeps_the_former_tokens(path, caplog, replace, reason):
    """Nothing in the place of the file blocks a request; the error is logged."""
    tokens = BearerTokens.load(path)
    replace(path)

    assert tokens.allow("Bearer first-token")
    assert not tokens.allow("Bearer third-token")
    [first, _] = caplog.records
    assert first.levelno == logging.ERROR
    assert first.getMessage() == f"{path} can't be read ({reason}): the former tokens stay"


@pytest.mark.parametrize("route", ["/", "/predict"])
def test_predictions_need_a_token(locked, route):
    """Without a token the response is 401 with a challenge; with one it is a prediction."""
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
    """Probes of Kubernetes and pages for browsers need no token."""
    assert locked.get(route).status_code == 200


@pytest.mark.parametrize("route", LOCKED)
def test_all_else_needs_a_token(locked, route):
    """The card and the protocol's routes need a token; unknown paths are 404."""
    assert locked.get(route).status_code == 401
    assert locked.get(route, headers={"Authorization": "Bearer first-token"}).status_code == 200
    assert locked.get("/nowhere").status_code == 404


def test_running_server_is_locked(start_server, path):
    """The real server rejects requests without a token, and logs no token."""
    server = start_server(API_TOKEN_FILE=str(path))
    body = {"text": "hello"}
    refused = requests.post(server.url, json=body, timeout=TIMEOUT_S)
    headers = {"Authorization": "Bearer second-token"}
    answer = requests.post(server.url, json=body, headers=headers, timeout=TIMEOUT_S)
    _, log = server.stop()

    assert (refused.status_code, answer.status_code) == (401, 200)
    assert "token" not in log
