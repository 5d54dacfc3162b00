"""Text classification: labels with scores for inputs, told from our own contract."""

from __future__ import annotations

import pytest

INTENTS = {"greeting", "order_tracking", "password_reset", "out_of_scope"}


def test_text_gets_every_label_best_first(client):
    """The scores are probabilities that add up to 1."""
    response = client.post("/predict", json={"inputs": "where is my order"})
    scores = [each["score"] for each in response.json]

    assert response.json[0]["label"] == "order_tracking"
    assert {each["label"] for each in response.json} == INTENTS
    assert scores == sorted(scores, reverse=True)
    assert sum(scores) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    "inputs",
    [
        pytest.param(["hello", "where is my order"], id="texts"),
        pytest.param([["hello"], ["where is my order"]], id="sequences"),
    ],
)
def test_texts_get_a_list_each(client, inputs):
    """A batch has the order of its texts."""
    response = client.post("/predict", json={"inputs": inputs})

    assert [row[0]["label"] for row in response.json] == ["greeting", "order_tracking"]


def test_parameters_get_a_list_of_lists(client):
    """The client of the Hub sends them, and takes the first list."""
    body = {"inputs": "hello", "parameters": {"top_k": 1, "function_to_apply": "softmax"}}
    [[best]] = client.post("/predict", json=body).json

    assert best["label"] == "greeting"


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"text": "hello"}, id="text"),
        pytest.param({"message": "hello"}, id="message"),
    ],
)
def test_our_own_fields_come_first(client, fields):
    """A request of our contract may have further fields, of this name as well."""
    response = client.post("/predict", json={**fields, "inputs": "where is my order"})

    assert response.json["intent"] == "greeting"


@pytest.mark.parametrize(
    ("body", "content_type", "error"),
    [
        pytest.param(b'{"inputs"', "application/json", "The body is not valid JSON", id="bad-json"),
        pytest.param(
            b'{"x": {"inputs": 1}}', "application/json", "Missing 'text' parameter", id="deeper"
        ),
    ],
)
def test_other_bodies_get_our_errors(client, body, content_type, error):
    """Only an object with the field is a request of this contract."""
    response = client.post("/predict", data=body, content_type=content_type)

    assert (response.status_code, response.json) == (400, {"error": error})


def test_plain_text_may_hold_the_word(client):
    """A text about the field is a text."""
    response = client.post("/predict", data=b'"inputs"', content_type="text/plain")

    assert response.status_code == 200
    assert "intent" in response.json


@pytest.mark.parametrize(
    ("fields", "status", "error"),
    [
        pytest.param({"inputs": ""}, 422, "'inputs[0]' must not be empty", id="empty"),
        pytest.param({"inputs": 7}, 422, "'inputs' must be a list of strings", id="number"),
        pytest.param({"inputs": [["a", "b"]]}, 422, "'inputs[0]' must be a string", id="pair"),
        pytest.param(
            {"inputs": "a", "raw_scores": True},
            422,
            "The scores are probabilities: no others are available",
            id="raw",
        ),
        pytest.param(
            {"inputs": "a", "parameters": {"function_to_apply": "sigmoid"}},
            422,
            "The scores are probabilities: no others are available",
            id="sigmoid",
        ),
        pytest.param(
            {"inputs": "a", "parameters": {"top_k": -1}},
            422,
            "'top_k' must be a whole number, 1 or more",
            id="top-k",
        ),
        pytest.param(
            {"inputs": "a", "parameters": {"top_k": "3"}},
            422,
            "'top_k' must be a whole number, 1 or more",
            id="top-k-text",
        ),
        pytest.param(
            {"inputs": "a", "parameters": 7}, 422, "'parameters' must be an object", id="parameters"
        ),
        pytest.param({"inputs": ["a"] * 5}, 413, "'inputs' must hold at most 4 texts", id="many"),
    ],
)
def test_error_has_a_type(client, fields, status, error):
    """Errors of requests are of the type Validation."""
    response = client.post("/predict", json=fields)

    assert response.status_code == status
    assert response.json == {"error": error, "error_type": "Validation"}


def test_fault_of_the_function_is_one_of_the_backend(client, small_model, monkeypatch):
    """The type says that the request was right."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret-marker")

    monkeypatch.setattr(small_model, "predict", fail)
    response = client.post("/predict", json={"inputs": "hello"})

    assert response.status_code == 500
    assert response.json == {"error": "Internal error", "error_type": "Backend"}
