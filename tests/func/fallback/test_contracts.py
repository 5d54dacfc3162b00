"""The questions to a fallback in each contract, and the answers that are taken."""

from __future__ import annotations

import json
from typing import Any

import pytest

from func.fallback.contracts import CONTRACTS, Answer, kind_of, read_answer
from func.outgoing.errors import NoAnswerError

INTENTS = ["order_tracking", "greeting", "out_of_scope"]
DEEP = b"[" * 100_000


def system_one(choice: object = "greeting", probabilities: object = None) -> bytes:
    answer = {"choice": choice, "probabilities": probabilities or {"greeting": 0.75}}
    return json.dumps({"answers": {"intent": answer}}).encode()


def chat(content: object) -> bytes:
    return json.dumps({"choices": [{"message": {"content": content}}]}).encode()


def decisions(**answer: Any) -> bytes:
    return json.dumps({"answers": [answer]}).encode()


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://api.example/v1/systemone", "systemone"),
        ("https://api.example/v1/decisions/?version=2", "decisions"),
        ("http://localhost:11434/v1/chat/completions", "chat"),
        ("https://api.example/v1", None),
    ],
)
def test_the_path_names_the_contract(url, kind):
    """The paths are those of the contracts' own documents; other paths name none."""
    assert kind_of(url) == kind


def test_system_one_is_asked_for_a_choice():
    """Each intent is an option; only out_of_scope has a description."""
    request = CONTRACTS["systemone"].ask("jev", "where is it", INTENTS)
    assert (request["model"], request["state"]) == ("jev", "where is it")
    question = request["questions"]["intent"]
    assert question["type"] == "choice"
    assert list(question["criteria"]) == INTENTS
    assert [bool(text) for text in question["criteria"].values()] == [False, False, True]


def test_decisions_are_asked_for_a_choice():
    """Each intent is a choice's value."""
    request = CONTRACTS["decisions"].ask("gpt", "where is it", INTENTS)
    assert (request["model"], request["input"]) == ("gpt", "where is it")
    [question] = request["questions"]
    assert question["type"] == "choice"
    assert [choice["value"] for choice in question["choices"]] == INTENTS
    assert ["description" in choice for choice in question["choices"]] == [False, False, True]


def test_a_chat_has_the_intents_in_its_system_prompt():
    """The text is the user's message, apart from the task."""
    request = CONTRACTS["chat"].ask("llama", "where is it", INTENTS)
    system, user = request["messages"]
    assert (request["model"], request["temperature"]) == ("llama", 0)
    assert json.dumps(INTENTS) in system["content"]
    assert user == {"role": "user", "content": "where is it"}


@pytest.mark.parametrize(
    ("kind", "body", "answer"),
    [
        ("systemone", system_one(), Answer("greeting", {"greeting": 0.75})),
        (
            "systemone",
            system_one("out_of_scope", {"out_of_scope": 1, "other": "?"}),
            Answer("out_of_scope", {"out_of_scope": 1.0}),
        ),
        (
            "decisions",
            decisions(
                type="choice",
                choice="greeting",
                probabilities=[{"value": "greeting", "probability": 0.5}],
            ),
            Answer("greeting", {"greeting": 0.5}),
        ),
        ("chat", chat(" greeting\n"), Answer("greeting")),
        ("chat", chat('"greeting".'), Answer("greeting")),
    ],
)
def test_answers_are_read(kind, body, answer):
    """Options that were not offered are left out."""
    assert read_answer(body, kind, INTENTS) == answer


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("systemone", b""),
        ("systemone", b"\xff"),
        ("systemone", b"[]"),
        ("systemone", b"{}"),
        ("systemone", b'{"answers": {"intent": null}}'),
        ("systemone", DEEP),
        ("systemone", system_one(probabilities={"greeting": 2})),
        ("systemone", system_one(probabilities={"greeting": -0.1})),
        ("systemone", system_one(probabilities={"greeting": True})),
        ("systemone", system_one(probabilities={"greeting": "0.5"})),
        ("systemone", system_one(probabilities={"greeting": 10**400})),
        ("systemone", system_one(probabilities={"greeting": float("nan")})),
        ("systemone", system_one(probabilities=["greeting"])),
        ("systemone", system_one(probabilities=3)),
        ("decisions", b'{"answers": []}'),
        ("decisions", decisions(type="choice", choice="greeting", probabilities=[{"value": []}])),
        ("chat", b'{"choices": []}'),
        ("chat", chat(None)),
        ("chat", chat([{"type": "text"}])),
    ],
)
def test_what_is_no_answer_is_malformed(kind, body):
    """No other error is raised, whatever a server sends."""
    with pytest.raises(NoAnswerError) as raised:
        read_answer(body, kind, INTENTS)
    assert raised.value.reason == "malformed"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("systemone", system_one("tea")),
        ("systemone", system_one(["greeting"])),
        ("decisions", decisions(type="refusal", name="intent")),
        ("chat", chat("It is a greeting")),
    ],
)
def test_an_intent_that_was_not_offered_is_unknown(kind, body):
    """A refusal is no intent either."""
    with pytest.raises(NoAnswerError) as raised:
        read_answer(body, kind, INTENTS)
    assert raised.value.reason == "unknown_intent"
