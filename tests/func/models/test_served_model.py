from __future__ import annotations

from func.messages import Outcome, ParsedRequest, Response
from func.models.served_model import ServedModel
from func.protocols.json_api import error_response

DIGEST = "0123456789abcdef" * 4


def test_a_response_names_the_model_and_its_version(small_model):
    """Headers and records carry the name and the beginning of the digest."""
    served = ServedModel("acme", DIGEST, small_model, 1)
    parsed = ParsedRequest(lambda _: Response(headers=(("A", "b"),)), error_response)
    answering = served.answering(parsed)
    response = answering.respond([])
    assert answering.model is small_model
    assert list(response.headers) == [
        ("A", "b"),
        ("Intent-Model", "acme"),
        ("Intent-Model-Version", "0123456789ab"),
    ]
    assert response.outcome == Outcome(model="acme", model_version="0123456789ab")
    assert response.outcome.log_fields() == {
        "kind": "http",
        "model": "acme",
        "model_version": "0123456789ab",
    }
