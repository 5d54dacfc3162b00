"""KServe's protocol, version 1."""

from __future__ import annotations

import pytest

PATH = "/v1/models/intent-classifier"


def test_model_is_ready(client):
    """An app exists only with a model that has passed its self-test."""
    assert client.get(PATH).json == {"name": "intent-classifier", "ready": True}


def test_instances_get_predictions_in_order(client):
    """An instance is a text, or an object of our own contract."""
    instances = [
        "hello",
        {"text": "where is my order", "top_k": 2},
        {"messages": [{"role": "user", "content": "reset my password"}]},
    ]
    predictions = client.post(f"{PATH}:predict", json={"instances": instances}).json["predictions"]

    assert [each["intent"] for each in predictions] == [
        "greeting",
        "order_tracking",
        "password_reset",
    ]
    assert [len(each.get("alternatives", ())) for each in predictions] == [0, 2, 0]


@pytest.mark.parametrize(
    ("fields", "status", "error"),
    [
        pytest.param({}, 400, "'instances' must be a list of texts or objects", id="nothing"),
        pytest.param(
            {"instances": []}, 400, "'instances' must be a list of texts or objects", id="empty"
        ),
        pytest.param(
            {"instances": ["a", 7]},
            400,
            "'instances[1]' must be a text, or an object with one",
            id="number",
        ),
        pytest.param(
            {"instances": [{"texts": ["a"]}]},
            400,
            "'instances[0]' must be a text, or an object with one",
            id="batch-in-a-batch",
        ),
        pytest.param(
            {"instances": ["a", {}]}, 400, "'instances[1]': Missing 'text' parameter", id="no-text"
        ),
        pytest.param(
            {"instances": ["a", ""]},
            400,
            "'instances[1]': 'text' must not be empty",
            id="empty-text",
        ),
        pytest.param(
            {"instances": ["a"] * 5}, 413, "'instances' must hold at most 4 texts", id="many"
        ),
    ],
)
def test_error_has_a_reason(client, fields, status, error):
    """Errors have the form of KServe's, which is ours as well."""
    response = client.post(f"{PATH}:predict", json=fields)

    assert (response.status_code, response.json) == (status, {"error": error})
