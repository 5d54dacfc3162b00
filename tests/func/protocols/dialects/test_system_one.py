"""System One: questions, their answers, and its errors."""

from __future__ import annotations

from dataclasses import replace

import pytest
from werkzeug.test import Client

from func.app import App
from func.handler import IntentFunction

ORDERS = {"type": "choice", "criteria": {"order_tracking": "a parcel", "greeting": None}}
INTENTS = ("greeting", "order_tracking", "out_of_scope", "password_reset")
KNOWN = f"The known intents are {', '.join(INTENTS)}"


def ask(client, questions, state="where is my order"):
    """Ask questions about a state."""
    body = {"model": "jev-latest", "state": state, "questions": questions}
    return client.post("/v1/systemone", json=body)


def test_choice_has_probabilities_of_its_options(client):
    """They are conditional on the options and add up to 1."""
    response = ask(client, {"topic": ORDERS})
    answer = response.json["answers"]["topic"]

    assert response.status_code == 200
    assert response.json["model"] == "intent-classifier"
    assert response.json["usage"] == {"input_tokens": 0, "output_tokens": 0}
    assert answer.keys() == {"type", "choice", "confidence", "probabilities"}
    assert (answer["type"], answer["choice"]) == ("choice", "order_tracking")
    assert answer["probabilities"].keys() == {"order_tracking", "greeting"}
    assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert answer["confidence"] == pytest.approx(
        2 * max(answer["probabilities"].values()) - 1, abs=1e-5
    )


def test_noul_is_the_probability_of_yes(client):
    """The criteria or the instructions name the intents of a yes."""
    questions = {
        "criteria": {"type": "noul", "criteria": {"true": ["order_tracking"]}},
        "instructions": {"type": "noul", "instructions": "greeting, password_reset"},
        "both": {"type": "noul", "criteria": {"true": "order_tracking", "false": "greeting"}},
    }
    answers = ask(client, questions).json["answers"]

    assert answers["criteria"] == {"type": "noul", "noul": answers["criteria"]["noul"]}
    assert answers["both"]["noul"] > answers["criteria"]["noul"] > 0.5
    assert answers["instructions"]["noul"] < 0.5


def test_score_is_the_mean_level(client):
    """Levels are numbered from 0, and the legend repeats their criteria."""
    criteria = ["greeting", ["order_tracking", "password_reset"]]
    answer = ask(client, {"urgency": {"type": "score", "criteria": criteria}}).json["answers"]

    assert answer["urgency"]["legend"] == {
        "0": "greeting",
        "1": ["order_tracking", "password_reset"],
    }
    assert answer["urgency"]["score"] == pytest.approx(answer["urgency"]["probabilities"]["1"])
    assert answer["urgency"]["score"] > 0.5


def test_questions_share_one_prediction(client, small_model, monkeypatch):
    """However many questions there are, the text is classified once."""
    calls = []
    predict = small_model.predict

    def count(texts, **options):
        calls.append(texts)
        return predict(texts, **options)

    monkeypatch.setattr(small_model, "predict", count)
    response = ask(client, {str(number): ORDERS for number in range(5)})

    assert [*response.json["answers"]] == ["0", "1", "2", "3", "4"]
    assert calls == [["where is my order"]]


def test_silent_conversation_is_out_of_scope(client):
    """Where no human spoke, no intent is likely."""
    question = {"type": "choice", "criteria": dict.fromkeys(INTENTS)}
    state = [{"role": "system", "content": "where is my order"}]
    answer = ask(client, {"topic": question}, state).json["answers"]["topic"]

    assert (answer["choice"], answer["confidence"]) == ("out_of_scope", 1.0)


@pytest.mark.parametrize(
    ("fields", "location", "message"),
    [
        pytest.param(
            {"state": None}, [], "The state must be a string, an object or a list", id="no-state"
        ),
        pytest.param(
            {"questions": {}}, ["questions"], "Send 1 to 400 questions, by name", id="none"
        ),
        pytest.param(
            {"questions": [ORDERS]}, ["questions"], "Send 1 to 400 questions, by name", id="list"
        ),
        pytest.param(
            {"questions": {"q": 7}},
            ["questions", "q"],
            "Send a choice or a score with criteria, or a noul",
            id="no-object",
        ),
        pytest.param(
            {"questions": {"q": {"type": "box"}}},
            ["questions", "q"],
            "Send a choice or a score with criteria, or a noul",
            id="box",
        ),
        pytest.param(
            {"questions": {"q": {"type": "choice", "criteria": {}}}},
            ["questions", "q", "choice", "criteria"],
            "Send 1 to 255 options",
            id="no-options",
        ),
        pytest.param(
            {
                "questions": {
                    "q": {"type": "choice", "criteria": {str(n): "greeting" for n in range(256)}}
                }
            },
            ["questions", "q", "choice", "criteria"],
            "Send 1 to 255 options",
            id="many-options",
        ),
        pytest.param(
            {"questions": {"q": {"type": "choice", "criteria": {"greeting": "", "sales": ""}}}},
            ["questions", "q", "choice", "criteria", "sales"],
            KNOWN,
            id="unknown-option",
        ),
        pytest.param(
            {"questions": {"q": {"type": "score", "criteria": ["greeting", "urgent"]}}},
            ["questions", "q", "score", "criteria", 1],
            KNOWN,
            id="unknown-level",
        ),
        pytest.param(
            {"questions": {"q": {"type": "noul", "instructions": "Is it spam?"}}},
            ["questions", "q", "noul", "criteria", "true"],
            KNOWN,
            id="unknown-yes",
        ),
    ],
)
def test_invalid_field_is_named(client, fields, location, message):
    """422 with the path to the field and the reason, as the contract has it."""
    body = {"state": "hello", "questions": {"topic": ORDERS}} | fields
    response = client.post("/v1/systemone", json=body)

    assert response.status_code == 422
    assert response.json == {
        "detail": [{"loc": ["body", *location], "msg": message, "type": "value_error"}]
    }


@pytest.mark.parametrize(
    ("options", "status", "detail"),
    [
        pytest.param(
            {"data": b"{}", "content_type": "text/plain"},
            415,
            "The Content-Type must be application/json",
            id="media-type",
        ),
        pytest.param(
            {"json": {"state": "x" * 201, "questions": {"topic": ORDERS}}},
            413,
            "The state must have at most 200 characters",
            id="long",
        ),
    ],
)
def test_other_errors_have_their_status(client, options, status, detail):
    """Errors that are not of one field have a text as their detail."""
    response = client.post("/v1/systemone", **options)

    assert (response.status_code, response.json) == (status, {"detail": detail})


@pytest.mark.parametrize("number", ["1e999", "NaN"])
def test_number_that_json_can_not_repeat_is_refused(client, number):
    """The legend of a score repeats its criteria, numbers included."""
    level = '{"intents": ["greeting"], "x": NUMBER}'.replace("NUMBER", number)
    question = '{"type": "score", "criteria": ["order_tracking", LEVEL]}'.replace("LEVEL", level)
    body = '{"state": "hi", "questions": {"q": QUESTION}}'.replace("QUESTION", question)
    response = client.post("/v1/systemone", data=body, content_type="application/json")

    assert response.status_code == 422
    assert response.json["detail"][0]["msg"] == "The body is not valid JSON"


def test_unexpected_error_has_the_form_of_the_contract(client, small_model, monkeypatch):
    """A fault of the function is a 500 that a client retries."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret-marker")

    monkeypatch.setattr(small_model, "predict", fail)

    response = ask(client, {"topic": ORDERS})
    assert (response.status_code, response.json) == (500, {"detail": "Internal error"})


def test_settings_bind_the_options_of_questions(small_model, settings):
    """So that questions in a client's own words have answers."""
    bound = replace(settings, option_intents=(("Is it about an order?", ("order_tracking",)),))
    client = Client(App(IntentFunction(small_model, bound)))
    noul = {"type": "noul", "instructions": "Is it about an order?"}
    answer = ask(client, {"order": noul}).json["answers"]["order"]

    assert answer["noul"] > 0.5


def test_options_that_are_no_intents_are_compared(encoding_client):
    """With an encoder, their descriptions answer, and the model's name says so."""
    questions = {
        "team": {"type": "choice", "criteria": {"orders": "where is my order", "xyz": None}},
        "mood": {"type": "noul", "criteria": {"true": "where is my order", "false": "xyz"}},
        "level": {"type": "score", "criteria": ["xyz", "where is my order"]},
        "topic": ORDERS,
    }
    response = ask(encoding_client, questions)
    answers = response.json["answers"]

    assert response.json["model"] == "intent-classifier+descriptions"
    assert answers["team"]["choice"] == "orders"
    assert answers["mood"]["noul"] > 0.5
    assert answers["level"]["score"] > 0.5
    assert answers["topic"]["choice"] == "order_tracking"


def test_too_many_described_options_are_refused(encoding_client):
    """Each costs the time of a text."""
    criteria = {str(number): f"text {number}" for number in range(5)}
    response = ask(encoding_client, {"team": {"type": "choice", "criteria": criteria}})

    assert response.status_code == 413
    assert response.json == {"detail": "A request must hold at most 4 options that are no intents"}
