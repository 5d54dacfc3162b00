"""Requests that name a model, from the socket to the reply."""

from __future__ import annotations

import http.client
import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from werkzeug.test import Client

from func.app import App
from func.handler import IntentFunction
from func.messages import finished
from func.models.named_models import NamedModels
from func.optional_parts import load_authentication
from func.server.listener import bind
from func.server.server import Server
from func.settings import Settings
from func.telemetry.metrics import Metrics
from func.telemetry.prometheus import create_app
from func.telemetry.recorder import Telemetry
from model.training.fitted_model import MODEL_NAME
from tests.func.models.conftest import PublishedModels
from tests.support.servers import wait_for
from tests.support.timeouts import TIMEOUT_S

TEXT = {"text": "where is my parcel"}
EVENT = {
    "ce-specversion": "1.0",
    "ce-id": "1",
    "ce-source": "/chat",
    "ce-type": "message",
    "Content-Type": "application/json",
}
STRUCTURED = {"specversion": "1.0", "id": "1", "source": "/chat", "type": "message", "data": TEXT}
METRICS = re.compile(r"Metrics on (http://\S+?/metrics)")
REJECTS_ALL = 1.0


@pytest.fixture
def published(tmp_path: Path, small_files) -> PublishedModels:
    """A store with two models: acme answers, and strict rejects everything."""
    models = PublishedModels(tmp_path / "models", small_files)
    models.publish("acme")
    models.publish("strict", REJECTS_ALL)
    return models


@pytest.fixture
def function(published, small_model) -> IntentFunction:
    """A function whose models are published."""
    settings = Settings(models_uri=str(published.folder))
    return IntentFunction(small_model, settings, models=NamedModels.from_settings(settings))


@pytest.fixture
def client(function) -> Client:
    """A client of the app, which waits for loads."""
    return Client(App(function))


@pytest.fixture
def server(function) -> Iterator[Server]:
    """A server in a thread."""
    server = Server(App(function), bind("127.0.0.1", 0), function.settings)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield server
    server.stop()
    thread.join(TIMEOUT_S)


def post(server: Server, path: str, body: object = TEXT, **headers: str) -> Any:
    """Post JSON to a server in a thread, and return the response with its body read."""
    return send(server, "POST", path, body, **headers)


def send(server: Server, method: str, path: str, body: object = TEXT, **headers: str) -> Any:
    """Send a request with JSON, and return the response with its body read."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT_S)
    fields = {"Content-Type": "application/json", **headers}
    connection.request(method, path, json.dumps(body), fields)
    response: Any = connection.getresponse()
    response.body = response.read()
    connection.close()
    return response


def test_settings_name_the_store_of_models(published, small_folder):
    """The app loads its models from there, and its metrics count them."""
    settings = Settings(
        model_path=small_folder / MODEL_NAME, models_uri=str(published.folder), metrics_port=0
    )
    app = App.load(settings)
    answer = Client(app).post("/models/acme/predict", json=TEXT)

    assert answer.status_code == 200
    assert app.telemetry.metrics
    assert app.telemetry.metrics.models
    assert app.telemetry.metrics.models().models == 1


def test_a_model_answers_at_its_path(client, published):
    """The answer is that of /predict, and headers name the model and its version."""
    response = client.post("/models/acme/predict", json=TEXT)
    assert response.json == client.post("/predict", json=TEXT).json
    assert response.headers["Intent-Model"] == "acme"
    digest = json.loads((published.folder / "acme" / "current.json").read_text())["digest"]
    assert digest.startswith(f"sha256:{response.headers['Intent-Model-Version']}")
    strict = client.post("/models/strict/predict", json=TEXT)
    assert strict.json["intent"] == "out_of_scope"


def test_the_default_model_names_no_version(client):
    """The contract of /predict is unchanged."""
    assert "Intent-Model" not in client.post("/predict", json=TEXT).headers


@pytest.mark.parametrize(
    "path",
    [
        "/models/unknown/predict",
        "/models/../predict",
        "/models/%2e%2e/predict",
        "/models/%2Fetc/predict",
        "/models/acme%00/predict",
        "/models/blobs/predict",
        "/models/acme/other",
    ],
)
def test_other_names_are_not_found(client, path):
    """Unknown and invalid names get 404."""
    response = client.post(path, json=TEXT)
    assert (response.status_code, "error" in response.json) == (404, True)


def test_other_methods_are_not_allowed(client):
    """A model is asked by POST; KServe asks by GET whether it is ready."""
    for path, allowed in (
        ("/models/acme/predict", "POST"),
        ("/v1/models/acme:predict", "POST"),
        ("/v1/models/acme", "GET"),
    ):
        response = client.put(path)
        assert (response.status_code, response.headers["Allow"]) == (405, allowed)


def test_without_published_models_there_is_no_such_path(small_model):
    """Without MODELS_URI, the path is unknown, and events can't name a model."""
    client = Client(App(IntentFunction(small_model, Settings())))
    assert client.post("/models/acme/predict", json=TEXT).status_code == 404
    headers = {**EVENT, "ce-intentmodel": "acme"}
    assert client.post("/", headers=headers, data=json.dumps(TEXT)).status_code == 422


def test_a_broken_model_is_unavailable(client, published):
    """Its damaged files cost this model alone."""
    published.break_blobs()
    assert client.post("/models/acme/predict", json=TEXT).status_code == 503
    assert client.post("/predict", json=TEXT).status_code == 200


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        pytest.param({**EVENT, "ce-intentmodel": "strict"}, TEXT, id="binary"),
        pytest.param(
            {"Content-Type": "application/cloudevents+json"},
            {**STRUCTURED, "intentmodel": "strict"},
            id="structured",
        ),
    ],
)
def test_an_event_names_its_model(client, headers, body):
    """The reply carries the model's name and version."""
    response = client.post("/", headers=headers, data=json.dumps(body))
    reply = {**response.headers, **{f"ce-{name}": each for name, each in response.json.items()}}
    assert response.status_code == 200
    assert reply["ce-intent"] == "out_of_scope"
    assert reply["ce-intentmodel"] == "strict"
    assert len(reply["ce-modelversion"]) == 12


def test_an_event_with_an_unknown_model_is_dead_lettered(client):
    """A broker would retry a 404, so that the answer is 422."""
    headers = {**EVENT, "ce-intentmodel": "unknown"}
    response = client.post("/", headers=headers, data=json.dumps(TEXT))
    assert (response.status_code, response.json) == (422, {"error": "No such model"})


def test_a_batch_of_events_has_the_model_of_its_path(client):
    """An event of a batch that names another model is rejected."""
    batch = [STRUCTURED, *({**STRUCTURED, "intentmodel": name} for name in ("strict", "acme"))]
    headers = {"Content-Type": "application/cloudevents-batch+json"}
    replies = client.post("/models/strict/predict", headers=headers, data=json.dumps(batch)).json
    assert [reply.get("intent") for reply in replies] == ["out_of_scope"] * 2 + [None]
    assert replies[2]["data"]["error"].startswith("A batch has one model")
    replies = client.post("/", headers=headers, data=json.dumps(batch)).json
    assert [reply.get("intent") for reply in replies] == ["order_tracking", None, None]


def test_the_open_inference_protocol_names_models(client):
    """Metadata, readiness and inference have the name and version of the model."""
    tensor = {"name": "text", "datatype": "BYTES", "shape": [1], "data": ["where is my parcel"]}
    response = client.post("/v2/models/strict/infer", json={"inputs": [tensor]})
    assert response.json["model_name"] == "strict"
    assert response.json["outputs"][0]["data"] == ["out_of_scope"]
    version = response.json["model_version"]
    assert response.headers["Intent-Model-Version"] == version
    assert client.get("/v2/models/strict").json["versions"] == [version]
    assert client.get(f"/v2/models/strict/versions/{version}/ready").json["ready"] is True
    assert client.get("/v2/models/strict/versions/other/ready").status_code == 404
    assert client.get("/v2/models/unknown").status_code == 404


QUESTION = {"type": "choice", "criteria": {"order_tracking": None, "out_of_scope": None}}
DECISION = {
    "type": "choice",
    "choices": [{"value": "order_tracking"}, {"value": "out_of_scope"}],
}
DIALECTS = [
    pytest.param(
        "/v1/systemone", {"state": "hello", "questions": {"a": QUESTION}}, id="system-one"
    ),
    pytest.param("/v1/decisions", {"input": "hello", "questions": [DECISION]}, id="decisions"),
    pytest.param("/classify", {"input": "hello"}, id="vllm"),
]


@pytest.mark.parametrize(("path", "body"), DIALECTS)
def test_dialects_name_models_in_their_field(client, path, body):
    """The response has the name, in its body as the dialect has it, and in a header."""
    named = client.post(path, json={**body, "model": "strict"})
    default = [client.post(path, json={**body, "model": name}) for name in ("", None)]
    assert (named.status_code, named.json["model"]) == (200, "strict")
    assert named.headers["Intent-Model"] == "strict"
    assert {response.json["model"] for response in default} == {"intent-classifier"}
    assert "Intent-Model" not in default[0].headers


@pytest.mark.parametrize(("path", "body"), DIALECTS)
def test_dialects_have_errors_for_names(client, path, body):
    """An unknown name is 404 in the dialect's shape; what is no name is refused."""
    unknown = client.post(path, json={**body, "model": "unknown"})
    assert unknown.status_code == 404
    assert unknown.json.keys() <= {"detail", "error"}
    assert client.post(path, json={**body, "model": 7}).status_code in {400, 422}


def test_kserve_names_models_in_the_path(client, caplog):
    """The log's route has no name in it."""
    caplog.set_level("INFO")
    predicted = client.post("/v1/models/strict:predict", json={"instances": ["hello"]})
    assert predicted.json["predictions"][0]["intent"] == "out_of_scope"
    assert predicted.headers["Intent-Model"] == "strict"
    ready = client.get("/v1/models/strict")
    assert ready.json == {"name": "strict", "ready": True}
    assert client.head("/v1/models/strict").status_code == 200
    assert client.get("/v1/models/unknown").json == {"error": "No such model"}
    routes = [record.fields["route"] for record in caplog.records if hasattr(record, "fields")]
    assert routes[:2] == ["/v1/models/<name>:predict", "/v1/models/<name>"]


def test_the_server_loads_the_model_that_a_dialect_names(server):
    """The body names the model, which is known only when it has been parsed."""
    response = post(server, "/classify", {"input": "hello", "model": "strict"})
    assert json.loads(response.body)["data"][0]["label"] == "out_of_scope"


def test_requests_for_several_models_are_answered_together(function):
    """One batch holds the default model and two others; each request gets its own answer."""
    paths = ["/predict", "/models/strict/predict", "/models/acme/predict", "/models/strict/predict"]
    app = App(function)
    pending = []
    for path in paths:
        environ = Client(app).open(path, method="POST", json=TEXT).request.environ
        environ["wsgi.input"].seek(0)
        pending.append(app.parse(environ, waits=True))
    answers = map(finished, app.respond_or_defer(pending))
    intents = [json.loads(response.body)["intent"] for response in answers]
    assert intents == ["order_tracking", "out_of_scope", "order_tracking", "out_of_scope"]


def test_the_server_answers_first_requests_after_the_load(server):
    """A small request, a large one, an event and a tensor wait for their model."""
    assert json.loads(post(server, "/models/strict/predict").body)["intent"] == "out_of_scope"
    texts = {"texts": ["where is my parcel " * 20] * 20}
    assert len(json.loads(post(server, "/models/acme/predict", texts).body)["predictions"]) == 20


def test_the_server_parses_an_event_again_after_the_load(server):
    """The event's body names the model, which is known only when it has been parsed."""
    response = post(server, "/", TEXT, **{**EVENT, "ce-intentmodel": "strict"})
    assert response.headers["ce-intent"] == "out_of_scope"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/models/acme/predict", 405),
        ("POST", "/models/acme/predict/", 404),
        ("POST", "/models/acme/other", 404),
        ("OPTIONS", "/models/acme/predict", 405),
        ("POST", "/v2/models/acme/other", 404),
        ("GET", "/v2/models/acme/infer", 405),
        ("DELETE", "/v2/models/acme/ready", 405),
        ("GET", "/v2/models/acme/", 404),
        ("POST", "/v1/models/acme:other", 404),
    ],
)
def test_what_is_no_route_loads_no_model(server, function, method, path, status):
    """A model that is loaded in vain could take the memory of one that is used."""
    assert send(server, method, path).status == status
    assert function.models.counts().models == 0


def test_the_server_answers_others_while_a_model_is_loaded(server, function, monkeypatch):
    """A load that hangs holds up neither the default model nor another one."""
    may_go_on = threading.Event()
    source = function.models._source
    current = source.current

    def hang(name: str) -> Any:
        waits: dict[str, Callable[[], object]] = {"acme": lambda: may_go_on.wait(TIMEOUT_S)}
        waits.get(name, lambda: None)()
        return current(name)

    monkeypatch.setattr(source, "current", hang)
    statuses: list[int] = []
    waiting = [
        threading.Thread(
            target=lambda: statuses.append(post(server, "/models/acme/predict").status)
        )
        for _ in range(8)
    ]
    for thread in waiting:
        thread.start()
    assert post(server, "/models/strict/predict").status == 200
    assert post(server, "/predict").status == 200
    assert statuses == []
    may_go_on.set()
    for thread in waiting:
        thread.join(TIMEOUT_S)
    assert statuses == [200] * 8


LARGE = {"padding": " " * 8192}  # a thread parses it


@pytest.mark.parametrize(
    ("method", "path", "body", "headers"),
    [
        pytest.param("POST", "/classify", {"input": "hello", "model": "strict"}, {}, id="dialect"),
        pytest.param("POST", "/", TEXT, {**EVENT, "ce-intentmodel": "strict"}, id="event"),
        pytest.param("POST", "/models/strict/predict", TEXT, {}, id="path"),
        pytest.param("POST", "/v2/models/strict/infer", {}, {}, id="tensor"),
        pytest.param("POST", "/v2/models/strict/versions/1/infer", {}, {}, id="version"),
        pytest.param("GET", "/v2/models/strict", {}, {}, id="metadata"),
        pytest.param("HEAD", "/v2/models/strict/versions/1/ready", {}, {}, id="readiness"),
    ],
)
def test_no_thread_waits_for_a_model(server, function, monkeypatch, method, path, body, headers):
    """As many large requests as there are threads hold up no other large request."""
    slow_store = SlowStore()
    monkeypatch.setattr(function.models._source, "current", slow_store.current)
    statuses: list[int] = []
    waiting = [
        threading.Thread(
            target=lambda: statuses.append(
                send(server, method, path, {**body, **LARGE}, **headers).status
            )
        )
        for _ in range(function.settings.threads)
    ]
    for thread in waiting:
        thread.start()
    wait_for(lambda: len(server._dispatcher._awaited) == len(waiting))
    assert post(server, "/predict", {**TEXT, **LARGE}).status == 200
    assert statuses == []
    slow_store.may_go_on.set()
    for thread in waiting:
        thread.join(TIMEOUT_S)
    assert set(statuses) <= {404, 422}


class SlowStore:
    """A store without models, which answers once it may.

    Attributes:
        may_go_on: lets it answer.
        asked: the names that it was asked for.
    """

    def __init__(self) -> None:
        self.may_go_on = threading.Event()
        self.asked: list[str] = []

    def current(self, name: str) -> None:
        """Find nothing under a name."""
        self.asked.append(name)
        self.may_go_on.wait(TIMEOUT_S)


@pytest.fixture
def slow_store() -> SlowStore:
    """The store of ``small_server``."""
    return SlowStore()


@pytest.fixture
def small_server(slow_store, published, small_model, monkeypatch) -> Iterator[Server]:
    """A server that lets one request wait for its model, and begins one load at a time."""
    monkeypatch.setattr("func.models.named_models.MAX_LOADS", 1)
    settings = Settings(models_uri=str(published.folder), max_waiting=1)
    models = NamedModels.from_settings(settings)
    monkeypatch.setattr(models._source, "current", slow_store.current)
    app = App(IntentFunction(small_model, settings, models=models))
    server = Server(app, bind("127.0.0.1", 0), settings)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield server
    slow_store.may_go_on.set()
    server.stop()
    thread.join(TIMEOUT_S)


def begin_request(server: Server, path: str) -> socket.socket:
    """Return a connection whose request waits for its model."""
    client = socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT_S)
    client.sendall(f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n".encode())
    wait_for(lambda: len(server._dispatcher._awaited))
    return client


def reset(server: Server, client: socket.socket) -> None:
    """Have a client leave, and the server learn of it."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    wait_for(lambda: not len(server._dispatcher._awaited))


def test_requests_that_wait_for_models_are_bounded(small_server, slow_store):
    """Beyond MAX_WAITING the server refuses, and the store is not asked for what was refused."""
    with begin_request(small_server, "/models/acme/predict") as client:
        refusal = post(small_server, "/models/bolt/predict")
        assert (refusal.status, refusal.headers["Retry-After"]) == (503, "1")
        slow_store.may_go_on.set()
        assert client.recv(65536).startswith(b"HTTP/1.1 404 ")
    assert slow_store.asked == ["acme"]


def test_clients_that_reset_their_connections_keep_no_model_from_others(small_server, slow_store):
    """Neither their places nor their loads, which have not begun, remain."""
    client = begin_request(small_server, "/models/first/predict")
    wait_for(lambda: slow_store.asked)
    reset(small_server, client)
    for name in ("second", "third"):
        reset(small_server, begin_request(small_server, f"/models/{name}/predict"))
    with begin_request(small_server, "/models/acme/predict") as client:
        slow_store.may_go_on.set()
        assert client.recv(65536).startswith(b"HTTP/1.1 404 ")
    assert slow_store.asked == ["first", "acme"]


def test_pending_loads_are_bounded(client, monkeypatch):
    """Beyond the limit, a request whose model is not in memory may come again."""
    assert client.post("/models/acme/predict", json=TEXT).status_code == 200
    monkeypatch.setattr("func.models.named_models.MAX_PENDING_LOADS", 0)
    refusal = client.post("/models/strict/predict", json=TEXT)
    assert (refusal.status_code, refusal.headers["Retry-After"]) == (503, "1")
    assert client.post("/models/acme/predict", json=TEXT).status_code == 200


def test_unauthorized_requests_load_no_model(published, small_model, tmp_path):
    """A token is checked before a model is looked up."""
    tokens = tmp_path / "tokens"
    tokens.write_text("0123456789abcdef0123456789abcdef\n")
    settings = Settings(models_uri=str(published.folder), api_token_file=tokens)
    function = IntentFunction(
        small_model, settings, load_authentication(settings), NamedModels.from_settings(settings)
    )
    app = App(function)
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/v2/models/acme/infer"}
    assert app.load_of(environ) is None
    for path in ("/v2/models/acme/infer", "/models/acme/predict"):
        assert Client(app).post(path, json=TEXT).status_code == 401
    assert function.models
    assert function.models.counts().models == 0


def test_logs_and_metrics_name_the_model(function, small_model, caplog):
    """The route has no name in it, and predictions are counted by model, version and scope."""
    caplog.set_level("INFO")
    metrics = Metrics(small_model.card)
    metrics.models = function.models.counts
    client = Client(App(function, Telemetry(metrics=metrics)))
    client.post("/models/strict/predict", json=TEXT)
    client.post("/predict", json=TEXT)
    fields = caplog.records[0].fields
    assert (fields["route"], fields["model"]) == ("/models/<name>/predict", "strict")
    assert len(fields["model_version"]) == 12
    exposed = Client(create_app(metrics)).get("/metrics").text
    version = fields["model_version"]
    labels = f'model="strict",scope="out_of_scope",version="{version}"'
    assert f"intent_named_model_predictions_total{{{labels}}} 1.0" in exposed
    assert "intent_named_models 1.0" in exposed
    assert 'intent_named_model_events_total{event="loaded",model="strict"} 1.0' in exposed
    assert 'intent_predictions_total{intent="order_tracking"} 1.0' in exposed


def test_a_model_replaced_under_load_answers_every_request(published, small_model):
    """In a hundred replacements, each answer is of a published version, and none fails."""
    settings = Settings(models_uri=str(published.folder), models_refresh_s=0.001)
    models = NamedModels.from_settings(settings)
    client = Client(App(IntentFunction(small_model, settings, models=models)))
    expected = {published.publish("acme", threshold)[:12]: intent for threshold, intent in _pairs()}
    stop = threading.Event()
    seen: list[tuple[int, str, str]] = []

    def ask() -> None:
        while not stop.is_set():
            response = client.post("/models/acme/predict", json=TEXT)
            version = response.headers.get("Intent-Model-Version", "")
            intent = json.loads(response.data)["intent"]
            seen.append((response.status_code, version, intent))

    def is_current(digest: str) -> bool:
        return models.wait_for("acme").digest == digest

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for thread in askers:
        thread.start()
    for number in range(100):
        threshold, _ = _pairs()[number % 2]
        digest = published.publish("acme", threshold)
        wait_for(partial(is_current, digest))
    stop.set()
    for thread in askers:
        thread.join(TIMEOUT_S)
    assert len({version for _, version, _ in seen}) == 2
    assert {(200, version, intent) for version, intent in expected.items()} >= set(seen)


def _pairs() -> list[tuple[float, str]]:
    return [(0.0, "order_tracking"), (REJECTS_ALL, "out_of_scope")]


def test_a_started_server_serves_published_models_and_counts_them(published, start_server):
    """MODELS_URI names the store, and the metrics have the named models."""
    server = start_server(MODELS_URI=str(published.folder), METRICS_PORT="0")
    response = requests.post(f"{server.url}/models/strict/predict", json=TEXT, timeout=TIMEOUT_S)
    assert response.json()["intent"] == "out_of_scope"
    [metrics] = [found[1] for line in server.lines if (found := METRICS.search(line))]
    assert "intent_named_models 1.0" in requests.get(metrics, timeout=TIMEOUT_S).text
