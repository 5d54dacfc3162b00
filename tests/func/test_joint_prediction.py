from __future__ import annotations

from dataclasses import replace

import pytest

from func.joint_prediction import predict_together
from func.messages import ParsedRequest, Response
from func.protocols.json_api import error_response
from model.inference.intent_model import IntentModel


@pytest.fixture
def strict(small_model):
    """A model that rejects everything."""
    return IntentModel(small_model._scorer, replace(small_model.card, threshold=1.0))


def request(*utterances: str, model: IntentModel | None = None, top_k: int = 0) -> ParsedRequest:
    return ParsedRequest(lambda _: Response(), error_response, utterances, top_k, model=model)


def test_each_request_gets_the_predictions_of_its_model(small_model, strict):
    """In the order of the requests, whichever models they name in between."""
    requests = [request("hello"), request("hello", "bye", model=strict), request("hello")]

    intents = [each.intent for each in predict_together(requests, small_model)]

    assert intents == ["greeting", "out_of_scope", "out_of_scope", "greeting"]


def test_all_get_as_many_alternatives_as_one_asks_for(small_model):
    """The others leave out what they have not asked for."""
    predictions = predict_together([request("hello"), request("bye", top_k=2)], small_model)

    assert [len(each.alternatives) for each in predictions] == [2, 2]


def test_where_nobody_spoke_is_out_of_scope(small_model):
    """An empty text is that of a conversation without a human's message."""
    first, second = predict_together([request("", top_k=1), request("hello")], small_model)

    assert (first.intent, first.confidence) == ("out_of_scope", 1.0)
    assert second.intent == "greeting"
