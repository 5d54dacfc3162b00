"""The client of a fallback: its predictions, its deadline, and what it counts."""

from __future__ import annotations

import json
import threading
from typing import Any

from func.fallback.circuit_breaker import MAX_FAILURES, CircuitBreaker
from func.fallback.client import FALLBACK, FallbackClient, combined, offered
from func.fallback.contracts import MAX_OPTIONS, Answer
from func.outgoing.errors import NoAnswerError
from func.settings import Settings
from model.inference.prediction import Alternative, Prediction
from tests.support.fallbacks.servers import FakePoster
from tests.support.timeouts import TIMEOUT_S

OWN = Prediction(
    "greeting",
    0.5,
    (Alternative("greeting", 0.5), Alternative("thanks", 0.3), Alternative("out_of_scope", 0.2)),
)
SETTINGS = Settings(fallback_timeout_s=TIMEOUT_S)


def answer_of(intent: str) -> dict[str, Any]:
    return {"answers": {"intent": {"choice": intent, "probabilities": {intent: 0.8}}}}


def ask(client: FallbackClient, model: Any, *texts: str) -> list[Prediction | None]:
    return client.ask_all(texts, model, client.deadline())


def test_each_text_gets_its_answer(small_model):
    """The answers are in the order of the texts, whichever comes first."""
    intents = {"hello": "greeting", "where is it": "order_tracking"}
    poster = FakePoster(lambda request: answer_of(intents[request["state"]]))
    client = FallbackClient(poster, "systemone", SETTINGS)
    answers = ask(client, small_model, *intents)
    assert [each and (each.intent, each.confidence) for each in answers] == [
        ("greeting", 0.8),
        ("order_tracking", 0.8),
    ]
    assert all(each and each.answered_by == FALLBACK for each in answers)
    assert client.counts().results == {"answered": 2}


def test_all_intents_of_the_model_are_offered(small_model):
    """The fallback may say that none fits."""
    poster = FakePoster(lambda _: answer_of("out_of_scope"))
    ask(FallbackClient(poster, "systemone", SETTINGS), small_model, "hello")
    [request] = poster.asked
    criteria = request["questions"]["intent"]["criteria"]
    assert {*criteria} == {*small_model.card.labels, "out_of_scope"}
    assert request["model"] == "default"


def test_requests_carry_the_token_that_the_file_holds_now(small_model, tmp_path):
    """Kubernetes replaces a mounted secret while the pod runs."""
    path = tmp_path / "token"
    poster = FakePoster(lambda _: answer_of("greeting"))
    client = FallbackClient(poster, "systemone", Settings(fallback_token_file=path))
    for token in ("first", "second\nunused"):
        path.write_text(token)
        ask(client, small_model, "hello")
    sent = [headers["Authorization"] for headers in poster.headers]
    assert sent == ["Bearer first", "Bearer second"]


def test_a_request_without_token_file_carries_none(small_model):
    """Local servers need none."""
    poster = FakePoster(lambda _: answer_of("greeting"))
    ask(FallbackClient(poster, "systemone", SETTINGS), small_model, "hello")
    assert "Authorization" not in poster.headers[0]


def test_no_answer_is_none_and_is_counted(small_model):
    """Failures in a row open the circuit breaker, and nothing is asked then."""
    poster = FakePoster(lambda _: {})
    client = FallbackClient(poster, "systemone", SETTINGS)
    for _ in range(MAX_FAILURES + 1):
        assert ask(client, small_model, "hello") == [None]
    assert client.counts().results == {"malformed": MAX_FAILURES, "open": 1}
    assert client.counts().is_open
    assert len(poster.asked) == MAX_FAILURES


def test_an_unknown_intent_is_no_failure_of_the_server(small_model):
    """The circuit breaker stays closed."""
    client = FallbackClient(FakePoster(lambda _: answer_of("tea")), "systemone", SETTINGS)
    for _ in range(MAX_FAILURES):
        assert ask(client, small_model, "hello") == [None]
    assert client.counts().results == {"unknown_intent": MAX_FAILURES}
    assert not client.counts().is_open


def test_a_refusal_with_a_pause_opens_the_breaker(small_model):
    """A server that answers 429 is left alone at once."""

    def refuse(_: Any) -> Any:
        raise NoAnswerError("refused", retry_after_s=30)

    client = FallbackClient(FakePoster(refuse), "systemone", SETTINGS)
    ask(client, small_model, "hello")
    ask(client, small_model, "hello")
    assert client.counts().results == {"refused": 1, "open": 1}


def test_an_unexpected_error_is_logged_without_its_text(small_model, tmp_path, caplog):
    """A token file that has gone is one; neither texts nor tokens get into logs."""
    settings = Settings(fallback_token_file=tmp_path / "gone")
    client = FallbackClient(FakePoster(lambda _: {}), "systemone", settings)
    assert ask(client, small_model, "hello") == [None]
    assert client.counts().results == {"unreachable": 1}
    assert caplog.messages == ["The fallback can't be asked: FileNotFoundError"]


def test_answers_are_awaited_until_the_deadline(small_model):
    """A text that is not answered in time has none; those that wait behind it are not asked."""
    may_answer = threading.Event()
    is_counted = threading.Event()

    def answer(_: Any) -> Any:
        may_answer.wait(TIMEOUT_S)
        return answer_of("greeting")

    class Client(FallbackClient):
        def count(self, result: Any, texts: int = 1) -> None:
            super().count(result, texts)
            if self.counts().results.total() == 2:
                is_counted.set()

    settings = Settings(fallback_timeout_s=0.05, fallback_max_in_flight=1)
    client = Client(FakePoster(answer), "systemone", settings)
    assert ask(client, small_model, "hello", "hi") == [None, None]
    may_answer.set()
    assert is_counted.wait(TIMEOUT_S)
    assert client.counts().results == {"answered": 1, "busy": 1}


def test_the_breaker_of_the_caller_is_used(small_model):
    """It may be shared or have another clock."""
    breaker = CircuitBreaker()
    breaker.record_failure(retry_after_s=30)
    client = FallbackClient(FakePoster(lambda _: {}), "systemone", SETTINGS, breaker)
    assert ask(client, small_model, "hello") == [None]
    assert client.counts().results == {"open": 1}


def test_stated_probabilities_replace_the_models():
    """If the fallback has one for each intent, its ranking is the prediction's."""
    stated = {"greeting": 0.1, "thanks": 0.7, "out_of_scope": 0.2}
    prediction = combined(Answer("thanks", stated), OWN)
    assert (prediction.intent, prediction.confidence) == ("thanks", 0.7)
    assert dict(prediction.alternatives) == stated
    assert prediction.alternatives[0].intent == "thanks"


def test_without_probabilities_the_models_remain():
    """An answer of a chat has no confidence of its own."""
    prediction = combined(Answer("thanks"), OWN)
    assert (prediction.intent, prediction.confidence) == ("thanks", 0.3)
    assert prediction.alternatives == OWN.alternatives


def test_a_chosen_option_without_probability_has_none():
    """It is not made up."""
    assert combined(Answer("thanks", {"greeting": 0.9}), OWN).confidence == 0


def test_a_model_of_many_intents_offers_its_most_likely_ones():
    """The contracts limit the options; out_of_scope is always among them."""
    ranked = tuple(Alternative(f"intent_{number}", 0.001) for number in range(400))
    own = Prediction("intent_0", 0.001, (*ranked, Alternative("out_of_scope", 0.0)))
    intents = offered(own)
    assert len(intents) == MAX_OPTIONS
    assert (intents[0], intents[-1]) == ("intent_0", "out_of_scope")


def test_questions_are_ascii_on_the_wire(small_model):
    """So a server that misreads encodings gets the text all the same."""
    poster = FakePoster(lambda _: answer_of("greeting"))
    ask(FallbackClient(poster, "systemone", SETTINGS), small_model, "grüß dich")
    [body] = poster.bodies
    assert body.isascii()
    assert json.loads(body)["state"] == "grüß dich"
