"""The JSON contract: media types, parsing, and the form of responses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from func.errors import BadRequestError, InvalidQueryError, UnsupportedMediaTypeError
from func.protocols.json_api import parse_query, render_predictions
from func.protocols.media_type import MediaType
from func.protocols.query import Query
from func.settings import Settings
from model.inference.intent_model import IntentModel

SETTINGS = Settings()


def classify(query: Query, model: IntentModel) -> list[dict[str, Any]]:
    """Return the predictions for a query in the form of the contract."""
    return render_predictions(query, model.predict(query.utterances, top_k=query.top_k), model)


@pytest.mark.parametrize(
    ("header", "body", "utterance"),
    [
        pytest.param("application/json", b'{"text": "gr\xc3\xbc\xc3\x9fe"}', "grüße", id="utf-8"),
        pytest.param("application/json", b'\xef\xbb\xbf{"text": "hi"}', "hi", id="byte-order-mark"),
        pytest.param("application/vnd.x+json", b'{"text": "hi"}', "hi", id="json-suffix"),
        pytest.param("text/plain", "grüße".encode(), "grüße", id="plain-text"),
        pytest.param("text/plain; charset=iso-8859-1", b"gr\xfc\xdfe", "grüße", id="latin-1"),
    ],
)
def test_body_becomes_a_query(header, body, utterance):
    """JSON and plain text are decoded by their charset."""
    query = parse_query(MediaType.parse(header), body, SETTINGS)

    assert query == Query([utterance])


@pytest.mark.parametrize(
    ("header", "body", "error", "message"),
    [
        pytest.param(
            "application/json", b"", InvalidQueryError, "Missing 'text' parameter", id="no-body"
        ),
        pytest.param(
            "application/json", b"{", BadRequestError, "The body is not valid JSON", id="cut-off"
        ),
        pytest.param(
            "application/json", b"[]", BadRequestError, "The body must be a JSON object", id="list"
        ),
        pytest.param(
            "application/json",
            b'{"text": "a", "top_k": NaN}',
            BadRequestError,
            "The body is not valid JSON",
            id="nan",
        ),
        pytest.param(
            "application/json",
            b'{"text": "a", "x": 1e999}',
            BadRequestError,
            "The body is not valid JSON",
            id="infinite",
        ),
        pytest.param(
            "application/json",
            b'{"a":' + b"[" * 100_000,
            BadRequestError,
            "The body may nest objects and lists at most 32 deep",
            id="deep",
        ),
        pytest.param(
            "application/json",
            b'{"top_k": ' + b"9" * 5000 + b"}",
            BadRequestError,
            "The body is not valid JSON",
            id="huge-number",
        ),
        pytest.param(
            "application/json",
            b'{"text": "\xff"}',
            BadRequestError,
            "The body is not valid UTF-8",
            id="bad-bytes",
        ),
        pytest.param(
            "text/plain; charset=utf-16",
            b"hi",
            UnsupportedMediaTypeError,
            "The charset must be one of utf-8, utf8, us-ascii, iso-8859-1",
            id="charset",
        ),
        pytest.param(
            "application/x-www-form-urlencoded",
            b"text=hi",
            UnsupportedMediaTypeError,
            "The Content-Type must be application/json or text/plain",
            id="form",
        ),
    ],
)
def test_bad_body_is_rejected(header, body, error, message):
    """A body that violates the contract raises an error with the reason."""
    with pytest.raises(error) as caught:
        parse_query(MediaType.parse(header), body, SETTINGS)

    assert caught.value.message == message


def test_answer_holds_intent_and_confidence(small_model):
    """By default, a prediction has an intent and its confidence."""
    [answer] = classify(Query(["reset my password"]), small_model)

    assert answer.keys() == {"intent", "confidence"}
    assert answer["intent"] == "password_reset"
    assert answer["confidence"] == round(answer["confidence"], 4)


@pytest.mark.parametrize(("act_above", "act"), [(0.0, True), (1.0, False)])
def test_answer_says_whether_to_act(small_model, act_above, act):
    """It does so if training chose from which confidence on."""
    card = replace(small_model.card, act_above=act_above)
    [answer] = classify(Query(["reset my password"]), IntentModel(small_model._scorer, card))

    assert answer["act"] is act


def test_alternatives_are_ranked(small_model):
    """With top_k, that number of known intents is ranked by confidence."""
    [answer] = classify(Query(["reset my password"], top_k=2), small_model)

    first, second = answer["alternatives"]
    assert first == {"intent": answer["intent"], "confidence": answer["confidence"]}
    assert first["confidence"] > second["confidence"]


def test_explanation_lists_the_n_grams_that_support_the_intent(small_model):
    """With explain, the response lists the n-grams that raised the intent's score."""
    [answer] = classify(Query(["reset my password"], explain=True), small_model)

    weights = [item["weight"] for item in answer["evidence"]]
    assert "password" in [item["feature"] for item in answer["evidence"]]
    assert weights == sorted(weights, reverse=True)
    assert min(weights) > 0


def test_explanation_names_corrected_words(small_model):
    """Evidence is about the words as they were read; without a typo there is nothing to name."""
    misspelt, right = (
        classify(Query([text], explain=True), small_model)[0]
        for text in ("reset my pasword", "reset my password")
    )

    assert misspelt.pop("corrections") == {"pasword": "password"}
    assert misspelt == right


def test_model_without_explanations_rejects_explain(unexplained_model):
    """A classifier without coefficients predicts, but rejects explain as a bad request."""
    assert classify(Query(["bye"]), unexplained_model)[0]["intent"] == "goodbye"
    with pytest.raises(InvalidQueryError, match=r"^This model can't explain its predictions$"):
        classify(Query(["bye"], explain=True), unexplained_model)
