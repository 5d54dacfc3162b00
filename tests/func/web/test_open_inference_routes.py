"""The routes of the Open Inference Protocol, tested without its clients."""

from __future__ import annotations

import json
import logging

import pytest

MODEL = "/v2/models/intent-classifier"
HELLO = {"inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "data": ["hello"]}]}


@pytest.fixture
def version(small_model):
    """The version under which the small model is served."""
    return small_model.card.model_sha256[:12]


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        pytest.param("/v2/health/live", {"live": True}, id="live"),
        pytest.param("/v2/health/ready", {"ready": True}, id="ready"),
        pytest.param(
            f"{MODEL}/ready", {"name": "intent-classifier", "ready": True}, id="model-ready"
        ),
    ],
)
def test_health_is_true_once_the_model_is_loaded(client, path, answer):
    """An app exists only with a model that has passed its self-test."""
    response = client.get(path)

    assert (response.status_code, response.json) == (200, answer)
    assert response.content_type == "application/json"


def test_server_names_its_extensions(client):
    """The server's metadata lists its extensions of the protocol."""
    answer = client.get("/v2").json

    assert answer.keys() == {"name", "version", "extensions"}
    assert (answer["name"], answer["extensions"]) == ("intent-function", ["binary_tensor_data"])


def test_model_describes_its_tensors(client, version):
    """The model's metadata names its version, its input and its outputs."""
    answer = client.get(MODEL).json

    assert answer["versions"] == [version]
    assert answer["inputs"] == [{"name": "text", "datatype": "BYTES", "shape": [-1]}]
    assert {output["name"]: output["shape"] for output in answer["outputs"]} == {
        "intent": [-1],
        "confidence": [-1],
        "alternatives": [-1, -1],
        "alternative_confidences": [-1, -1],
    }


def test_inference_returns_the_prediction_of_the_json_contract(client, version):
    """A text gets the same intent and confidence as in the JSON contract."""
    prediction = client.post("/predict", json={"text": "hello"}).json
    response = client.post(f"{MODEL}/infer", json=HELLO)

    assert response.json == {
        "model_name": "intent-classifier",
        "model_version": version,
        "outputs": [
            {"name": name, "datatype": datatype, "shape": [1], "data": [prediction[name]]}
            for name, datatype in (("intent", "BYTES"), ("confidence", "FP32"))
        ],
    }


@pytest.mark.parametrize(
    ("texts", "act"),
    [pytest.param(["hello"], "true", id="single"), pytest.param(["hello"] * 2, None, id="batch")],
)
def test_a_header_says_whether_to_act(acting_client, texts, act):
    """Of a single text: the protocol has no other place for it."""
    tensor = {"name": "text", "datatype": "BYTES", "shape": [len(texts)], "data": texts}
    response = acting_client.post(f"{MODEL}/infer", json={"inputs": [tensor]})

    assert response.headers.get("x-act") == act


def test_path_with_the_version_is_equivalent(client, version):
    """With the version in the path, responses are the same."""
    with_version = f"{MODEL}/versions/{version}"

    assert client.get(with_version).json == client.get(MODEL).json
    assert client.get(f"{with_version}/ready").json == client.get(f"{MODEL}/ready").json
    inferred = client.post(f"{with_version}/infer", json=HELLO)
    assert inferred.json == client.post(f"{MODEL}/infer", json=HELLO).json


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "error"),
    [
        pytest.param(
            "GET",
            f"{MODEL}/versions/marker",
            {},
            404,
            "No such version of the model",
            id="version",
        ),
        pytest.param(
            "GET",
            f"{MODEL}/versions/marker/ready",
            {},
            404,
            "No such version of the model",
            id="version-ready",
        ),
        pytest.param(
            "POST",
            f"{MODEL}/versions/marker/infer",
            {"json": HELLO},
            404,
            "No such version of the model",
            id="version-infer",
        ),
        pytest.param("GET", "/v2/models/marker", {}, 404, "Not Found", id="another-model"),
        pytest.param("GET", f"{MODEL}/infer", {}, 405, "Method Not Allowed", id="get-infer"),
        pytest.param("POST", f"{MODEL}/infer", {}, 400, "The body is not valid JSON", id="nothing"),
        pytest.param(
            "POST",
            f"{MODEL}/infer",
            {"json": HELLO, "headers": {"Content-Encoding": "br"}},
            415,
            "The Content-Encoding must be gzip, deflate, zstd or identity",
            id="compressed",
        ),
        pytest.param(
            "POST",
            f"{MODEL}/infer",
            {"data": b" " * (1024 * 1024 + 1), "content_type": "application/json"},
            413,
            "The body must have at most 1048576 bytes",
            id="large-body",
        ),
    ],
)
def test_rejection_has_its_status_and_error(client, method, path, options, status, error):
    """Errors have the protocol's form and the contract's texts."""
    response = client.open(path, method=method, **options)

    assert (response.status_code, response.json) == (status, {"error": error})


@pytest.mark.parametrize(
    ("path", "log_fields"),
    [
        pytest.param(f"{MODEL}/infer", {"status": 200, "utterances": 1}, id="answered"),
        pytest.param(f"{MODEL}/versions/marker/infer", {"status": 404}, id="refused"),
    ],
)
def test_requests_are_logged_by_route_status_and_kind(client, caplog, path, log_fields):
    """The log line names the route but quotes nothing of the request."""
    with caplog.at_level(logging.INFO):
        client.post(path, json=HELLO)

    [logged] = [entry.fields for entry in caplog.records if entry.getMessage() == "request"]
    assert {**logged, **log_fields, "kind": "open-inference"} == logged
    assert logged["route"].endswith("/infer")
    assert "marker" not in json.dumps(logged)
