"""Parts of several dialects: distributions, responses, errors."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from func.errors import InternalError, UnauthorizedError
from func.protocols.dialects.answers import openai_error, probabilities, respond


@pytest.mark.parametrize("text", ["where is my order", "zzz qqq"])
def test_probabilities_are_of_all_intents_and_add_up_to_1(small_model, text):
    """``out_of_scope`` is one of them, and the most likely comes first."""
    count = len(small_model.card.labels) + 1
    [prediction] = small_model.predict([text], top_k=count)
    distribution = probabilities(prediction)

    assert distribution.keys() == {*small_model.card.labels, "out_of_scope"}
    assert sum(distribution.values()) == pytest.approx(1)
    assert [*distribution.values()] == sorted(distribution.values(), reverse=True)


def test_response_records_its_predictions(small_model):
    """Logs and metrics get the intent and the confidence, as for any other response."""
    predictions = small_model.predict(["hello"])
    response = respond([], "kind", predictions, small_model.card)

    assert response.body == b"[]"
    assert response.outcome.log_fields() == {
        "intent": "greeting",
        "confidence": round(predictions[0].confidence, 4),
        "kind": "kind",
    }


@pytest.mark.parametrize(
    ("act_above", "batch_size", "headers"),
    [
        pytest.param(0.0, None, (("x-act", "true"),), id="act"),
        pytest.param(1.0, None, (("x-act", "false"),), id="act-not"),
        pytest.param(None, None, (), id="none-chosen"),
        pytest.param(0.0, 1, (), id="batch"),
    ],
)
def test_a_header_says_whether_to_act(small_model, act_above, batch_size, headers):
    """Of a single text, where training chose a confidence for it."""
    card = replace(small_model.card, act_above=act_above)
    response = respond([], "kind", small_model.predict(["hello"]), card, batch_size)

    assert response.headers == headers


def test_openai_errors_have_a_type():
    """The type says whose fault it is; headers stay."""
    refused = openai_error(UnauthorizedError(), "kind")
    failed = openai_error(InternalError(), "kind")

    assert json.loads(refused.body)["error"]["type"] == "invalid_request_error"
    assert refused.headers == (("WWW-Authenticate", "Bearer"),)
    assert json.loads(failed.body) == {
        "error": {"message": "Internal error", "type": "server_error", "param": None, "code": None}
    }
