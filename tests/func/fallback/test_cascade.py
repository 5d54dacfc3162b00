"""The cascade: which texts are asked about, and how the answers are marked."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from func.fallback.cascade import Cascade
from func.fallback.client import FallbackClient
from func.messages import ParsedRequest, Response
from func.settings import Settings, SettingsError
from model.inference.intent_model import IntentModel
from model.inference.model_card import ModelCard
from model.inference.prediction import Prediction
from tests.support.fallbacks.servers import FakePoster
from tests.support.timeouts import TIMEOUT_S

SURE, DOUBTFUL = Prediction("greeting", 0.95), Prediction("greeting", 0.3)
OUT_OF_SCOPE = Prediction("out_of_scope", 0.99)


class ActingModel:
    """The small model, with a confidence from which on its answers are acted on."""

    def __init__(self, model: IntentModel, act_above: float | None) -> None:
        self._model = model
        self.card: ModelCard = replace(model.card, act_above=act_above)

    def predict(self, utterances: Any, *, top_k: int = 0) -> list[Prediction]:
        """Predict as the small model does."""
        return self._model.predict(utterances, top_k=top_k)

    def encoding_work(self, _: Any) -> int:
        """Return 0: there is no encoder."""
        return 0


@pytest.fixture
def poster() -> FakePoster:
    answer = {"choice": "order_tracking", "probabilities": {"order_tracking": 0.8}}
    return FakePoster(lambda _: {"answers": {"intent": answer}})


@pytest.fixture
def cascade(poster: FakePoster) -> Cascade:
    settings = Settings(fallback_timeout_s=TIMEOUT_S)
    return Cascade(FallbackClient(poster, "systemone", settings), low_confidence=0.5)


@pytest.fixture
def model(small_model: IntentModel) -> ActingModel:
    return ActingModel(small_model, act_above=0.9)


def request(*texts: str) -> ParsedRequest:
    """Return a request whose response shows its predictions."""

    def render(predictions: Any) -> Response:
        rows = [[each.intent, each.confidence, each.answered_by] for each in predictions]
        return Response(json.dumps(rows).encode())

    return ParsedRequest(render, lambda _: Response(), texts)


def shown(response: Response) -> Any:
    return json.loads(response.body)


def test_nothing_is_deferred_if_the_model_is_sure(cascade, model):
    """A prediction that is acted on needs no fallback."""
    assert cascade.defer(request("hello"), [SURE], model) is None


def test_only_doubtful_texts_are_asked_about(cascade, model, poster):
    """The others of a batch keep their answers, without a mark."""
    predictions = [SURE, DOUBTFUL, OUT_OF_SCOPE]
    deferred = cascade.defer(request("hello", "hm", "what"), predictions, model)
    assert deferred
    assert shown(deferred.finish()) == [
        ["greeting", 0.95, ""],
        ["order_tracking", 0.8, "fallback"],
        ["order_tracking", 0.8, "fallback"],
    ]
    assert sorted(question["state"] for question in poster.asked) == ["hm", "what"]
    assert cascade.counts().results == {"answered": 2}


def test_a_text_without_an_answer_keeps_the_models(cascade, model, monkeypatch):
    """It is marked, since the fallback was to be asked."""
    monkeypatch.setattr(FallbackClient, "ask_all", lambda *_: [None])
    deferred = cascade.defer(request("hm"), [DOUBTFUL], model)
    assert deferred
    assert shown(deferred.finish()) == [["greeting", 0.3, "model"]]


def test_a_declined_request_is_answered_by_the_model(cascade, model, poster):
    """Nothing is asked, and the texts are counted."""
    deferred = cascade.defer(request("hm", "hello"), [DOUBTFUL, SURE], model)
    assert deferred
    assert shown(deferred.decline()) == [["greeting", 0.3, "model"], ["greeting", 0.95, ""]]
    assert not poster.asked
    assert cascade.counts().results == {"busy": 1}


@pytest.mark.parametrize(
    ("prediction", "is_deferred"),
    [
        pytest.param(SURE, False, id="sure"),
        pytest.param(DOUBTFUL, True, id="low confidence"),
        pytest.param(SURE._replace(confidence=0.5), False, id="at the limit"),
        pytest.param(OUT_OF_SCOPE, True, id="out of scope"),
    ],
)
def test_low_confidence_decides_without_act_above(cascade, small_model, prediction, is_deferred):
    """A model whose training chose no confidence to act on has the threshold of events."""
    model = ActingModel(small_model, act_above=None)
    assert bool(cascade.defer(request("hm"), [prediction], model)) is is_deferred


def test_a_conversation_without_a_human_is_not_asked_about(cascade, model):
    """There is nothing to ask."""
    assert cascade.defer(request(""), [OUT_OF_SCOPE], model) is None


def test_the_path_must_say_the_contract():
    """Or FALLBACK_KIND does; the start ends otherwise."""
    url = "http://localhost:1/ask"
    with pytest.raises(SettingsError, match="FALLBACK_KIND: its path"):
        Cascade.from_settings(Settings(fallback_url=url))
    assert Cascade.from_settings(Settings(fallback_url=url, fallback_kind="chat"))


def test_the_token_file_must_hold_a_token(tmp_path):
    """The start ends otherwise; requests without a token would all fail."""
    path = tmp_path / "token"
    path.write_text("\n")
    settings = Settings(fallback_url="http://localhost:1/v1/decisions", fallback_token_file=path)
    with pytest.raises(SettingsError, match="FALLBACK_TOKEN_FILE"):
        Cascade.from_settings(settings)
    path.write_text("secret")
    assert Cascade.from_settings(settings)
