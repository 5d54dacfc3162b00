"""The app: its routes, the handler behind two of them, and responses to all other requests."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest
from werkzeug.test import Client

from func import app as app_module
from func.app import App
from func.settings import SettingsError
from tests.support.paths import ROOT

MISSING_TEXT = "Missing 'text' parameter"
EVENT = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/test", "ce-type": "test.type"}
JSON_EVENT = {
    "specversion": "1.0",
    "id": "1",
    "source": "/test",
    "type": "test.type",
    "data": {"text": "hi"},
}


@pytest.mark.parametrize("path", ["/health", "/health/liveness", "/health/readiness"])
def test_health_is_ok_once_the_model_is_loaded(client, path):
    """An app exists only with a model that has passed its self-test."""
    response = client.get(path)

    assert (response.status_code, response.data) == (200, b'{"status":"ok"}')
    assert response.content_type == "application/json"


@pytest.mark.parametrize("path", ["/health", "/health/liveness", "/health/readiness"])
def test_head_of_a_probe_is_that_of_get_without_a_body(client, path):
    """Load balancers that probe by HEAD need no Flask either."""
    response = client.head(path)

    assert client.application.is_inline("HEAD", path)
    assert (response.status_code, response.data) == (200, b"")
    assert response.headers == client.get(path).headers


@pytest.mark.parametrize("path", ["/", "/predict"])
def test_one_text_is_classified(client, path):
    """At both paths, JSON with a text gets an intent with its confidence."""
    response = client.post(path, json={"text": "reset my password"})

    assert response.status_code == 200
    assert response.json.keys() == {"intent", "confidence"}
    assert response.json["intent"] == "password_reset"


@pytest.mark.parametrize("path", ["/", "/predict"])
def test_events_are_understood_at_both_paths(client, path):
    """The form of the request decides, not its path."""
    response = client.post(path, headers=EVENT, json={"text": "hello"})

    assert response.headers["ce-intent"] == "greeting"


def test_batch_of_texts_gets_predictions_in_order(client):
    """Each text of a list gets the prediction that it would get alone."""
    texts = ["hello", "where is my order"]
    response = client.post("/predict", json={"texts": texts})

    singles = [client.post("/predict", json={"text": text}).json for text in texts]
    assert response.json == {"predictions": singles}


def test_binary_event_gets_a_binary_reply(client):
    """Attributes are returned as headers, the prediction as JSON."""
    response = client.post("/", headers=EVENT | {"ce-subject": "%E2%82%AC"}, json={"text": "hi"})

    assert response.status_code == 200
    assert response.content_type == "application/json"
    assert response.headers["ce-type"] == "org.intentclassifier.intent.classified"
    assert response.headers["ce-subject"] == "%E2%82%AC"
    assert response.json["request"] == {"id": "1", "source": "/test"}


def test_structured_event_gets_a_structured_reply(client):
    """The reply is one JSON object of the event format."""
    event = {
        "specversion": "1.0",
        "id": "1",
        "source": "/test",
        "type": "t",
        "data": {"text": "hi"},
    }
    response = client.post("/", json=event, content_type="application/cloudevents+json")

    assert response.content_type == "application/cloudevents+json"
    assert json.loads(response.data)["intent"] == "greeting"


def test_batch_of_events_gets_a_batch_of_replies(client):
    """Each event of a batch has its reply at its place."""
    response = client.post(
        "/", json=[JSON_EVENT, {}, JSON_EVENT], content_type="application/cloudevents-batch+json"
    )

    assert response.content_type == "application/cloudevents-batch+json"
    kinds = [reply["type"].rpartition(".")[2] for reply in json.loads(response.data)]
    assert kinds == ["classified", "rejected", "classified"]


@pytest.mark.parametrize(
    ("content_type", "headers", "body"),
    [
        pytest.param(
            "application/json",
            EVENT | {"ce-type": "org.intentclassifier.intent.classified"},
            b"{}",
            id="binary",
        ),
        pytest.param(
            "application/cloudevents+json",
            {},
            b'{"specversion":"1.0","id":"1","source":"/s",'
            b'"type":"org.intentclassifier.intent.out_of_scope"}',
            id="structured",
        ),
        pytest.param("application/cloudevents-batch+json", {}, b"[]", id="empty-batch"),
    ],
)
def test_event_without_a_reply_is_acknowledged(client, content_type, headers, body):
    """202 without a body lets a broker consider the event as delivered."""
    response = client.post("/", headers=headers, data=body, content_type=content_type)

    assert (response.status_code, response.data) == (202, b"")


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "error"),
    [
        pytest.param(
            "POST", "/predict", {"json": {}}, 400, "Missing 'text' parameter", id="no-text"
        ),
        pytest.param("POST", "/predict", {}, 400, "Missing 'text' parameter", id="nothing"),
        pytest.param(
            "POST",
            "/predict",
            {"data": b"{", "content_type": "application/json"},
            400,
            "The body is not valid JSON",
            id="bad-json",
        ),
        pytest.param(
            "POST",
            "/predict",
            {"data": {"text": "hi"}},
            415,
            "The Content-Type must be application/json or text/plain",
            id="form",
        ),
        pytest.param(
            "POST",
            "/predict",
            {"json": {"text": "hi"}, "headers": {"Content-Encoding": "br"}},
            415,
            "The Content-Encoding must be gzip, deflate, zstd or identity",
            id="unknown-coding",
        ),
        pytest.param(
            "POST",
            "/predict",
            {"json": {"text": "x" * 201}},
            413,
            "'text' must have at most 200 characters",
            id="long-text",
        ),
        pytest.param(
            "POST",
            "/predict",
            {"json": {"texts": ["x"] * 5}},
            413,
            "'texts' must hold at most 4 texts",
            id="many-texts",
        ),
        pytest.param(
            "POST",
            "/",
            {"data": b"[1,2,3,4,5]", "content_type": "application/cloudevents-batch+json"},
            413,
            "A batch must hold at most 4 events",
            id="many-events",
        ),
        pytest.param(
            "POST",
            "/predict",
            {"data": b" " * (1024 * 1024 + 1), "content_type": "application/json"},
            413,
            "The body must have at most 1048576 bytes",
            id="large-body",
        ),
        pytest.param(
            "POST",
            "/predict",
            {"data": b" " * (1024 * 1024 + 2), "content_type": "application/json"},
            413,
            "The body must have at most 1048576 bytes",
            id="larger-body",
        ),
        pytest.param(
            "POST",
            "/",
            {"json": {"text": "hi"}, "headers": {"ce-id": "1", "ce-type": "t"}},
            400,
            "The attribute 'specversion' must be 1.0",
            id="malformed-event",
        ),
        pytest.param(
            "POST",
            "/",
            {"headers": EVENT},
            422,
            "Missing 'text' parameter",
            id="event-without-text",
        ),
        pytest.param(
            "POST",
            "/",
            {"content_type": "application/cloudevents+xml"},
            415,
            "The event format must be application/cloudevents+json",
            id="event-format",
        ),
        pytest.param("PUT", "/", {}, 405, "Method Not Allowed", id="put-root"),
        pytest.param("GET", "/predict", {}, 405, "Method Not Allowed", id="get-predict"),
        pytest.param("DELETE", "/", {}, 405, "Method Not Allowed", id="delete-root"),
        pytest.param("POST", "/health", {}, 405, "Method Not Allowed", id="post-health"),
        pytest.param("GET", "/nope", {}, 404, "Not Found", id="unknown-path"),
        pytest.param("POST", "/predict/", {}, 404, "Not Found", id="trailing-slash"),
        pytest.param("GET", "/a//b", {}, 404, "Not Found", id="double-slash-is-no-redirect"),
    ],
)
def test_rejection_has_its_status_and_error(client, method, path, options, status, error):
    """Each bad request gets the contract's status and a JSON body with the reason."""
    response = client.open(path, method=method, **options)

    assert (response.status_code, response.json) == (status, {"error": error})
    assert response.content_type == "application/json"


def test_body_that_ends_early_is_a_bad_request(client):
    """A body shorter than its Content-Length is a bad request."""
    response = client.post("/predict", data=b"{}", environ_overrides={"CONTENT_LENGTH": "9"})

    assert (response.status_code, response.json) == (400, {"error": "The body ended early"})


def test_unexpected_error_is_reported_without_its_text(client, small_model, monkeypatch, caplog):
    """An unexpected error leads to 500; neither the response nor the log quotes it."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret-marker")

    monkeypatch.setattr(small_model, "predict", fail)
    response = client.post("/predict", json={"text": "secret-marker"})

    assert (response.status_code, response.json) == (500, {"error": "Internal error"})
    assert "secret-marker" not in "".join(record.getMessage() for record in caplog.records)


def test_app_is_loaded_from_the_settings(settings):
    """The app serves the model that the settings name."""
    client = Client(App.load(settings))

    response = client.post("/predict", json={"text": "hello"})

    assert json.loads(response.data)["intent"] == "greeting"


def test_options_must_be_bound_to_known_intents(settings):
    """The start ends with the intents that the model knows."""
    bound = replace(settings, option_intents=(("billing", ("charge_dispute",)),))

    with pytest.raises(SettingsError, match="greeting, order_tracking, out_of_scope, password"):
        App.load(bound)
    assert App.load(replace(settings, option_intents=(("all", ("greeting", "out_of_scope")),)))


ASK = """
import io, os, sys
from func.app import App
from func.settings import Settings

app = App.load(Settings.from_environ(os.environ))

def ask(method, path, body=b"", **environ):
    environ |= {"REQUEST_METHOD": method, "PATH_INFO": path, "CONTENT_LENGTH": str(len(body))}
    app({**environ, "wsgi.input": io.BytesIO(body)}, lambda status, _: print(status))

event = {"SPECVERSION": "1.0", "ID": "1", "SOURCE": "/test", "TYPE": "test"}
ask("GET", "/health")
ask("POST", "/predict", b'{"text": "hello"}')
ask("POST", "/", b'{"text": "hello"}', **{f"HTTP_CE_{key}": event[key] for key in event})
print({"flask", "werkzeug", "parliament", "cloudevents", "http.server"} & sys.modules.keys())
LATER = (
    *("func.protocols.dialects", "func.protocols.conversation"),
    *("func.compression", "func.fallback"),
)
print({"prometheus_client", "opentelemetry", "google", "requests"} & sys.modules.keys())
print({name for name in sys.modules if name.startswith(("backports", *LATER))})
"""


def test_predictions_events_and_health_need_few_modules(settings):
    """Flask, metrics, tracing and other dialects are not imported before they are needed."""
    process = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=ROOT,
        env={"MODEL_PATH": str(settings.model_path), "METRICS_PORT": "9464"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert process.stdout.splitlines() == ["200 OK", "200 OK", "200 OK", *["set()"] * 3]


def test_module_has_the_app_for_wsgi_servers(settings, monkeypatch):
    """``func.app:app`` is loaded on first access, and only once."""
    monkeypatch.setenv("MODEL_PATH", str(settings.model_path))
    app_module._app.cache_clear()

    assert app_module.app is app_module.app
    assert Client(app_module.app).get("/health").status_code == 200
    app_module._app.cache_clear()


def test_module_has_no_other_attributes():
    """Lazy loading raises an AttributeError for other names."""
    with pytest.raises(AttributeError, match=r"^ap$"):
        app_module.ap  # noqa: B018


def test_wsgi_server_without_a_model_ends_with_one_line(tmp_path):
    """A server that imports the app without a model exits with an error code and one line."""
    path = tmp_path / "none.pkl"
    process = subprocess.run(
        [sys.executable, "-c", "import func.app; func.app.app"],
        cwd=ROOT,
        env={"MODEL_PATH": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert process.returncode == 3
    assert process.stderr == (
        f"{path} does not exist. "
        "Train a model (make train), or name one by MODEL_URI, MODEL_PATH or --model.\n"
    )
