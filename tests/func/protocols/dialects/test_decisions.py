"""OpenAI's Decisions: questions, their answers and refusals, and errors."""

from __future__ import annotations

import pytest

CHOICE = {"type": "choice", "choices": [{"value": "order_tracking"}, {"value": "greeting"}]}


def ask(client, questions, text="where is my order"):
    """Ask for decisions."""
    return client.post(
        "/v1/decisions", json={"model": "any", "input": text, "questions": questions}
    )


def test_answers_come_in_the_questions_order(client):
    """Each type of question has its answer, with the question's name or null."""
    questions = [
        {**CHOICE, "name": "topic"},
        {"type": "predicate", "instructions": "order_tracking, password_reset"},
        {
            "type": "score",
            "levels": [{"label": "low", "description": "greeting"}, {"label": "order_tracking"}],
        },
    ]
    response = ask(client, questions)
    choice, predicate, score = response.json["answers"]

    assert response.status_code == 200
    assert response.json["usage"]["total_tokens"] == 0
    assert [choice["name"], predicate["name"], score["name"]] == ["topic", None, None]
    assert choice["choice"] == "order_tracking"
    assert [each["value"] for each in choice["probabilities"]] == ["order_tracking", "greeting"]
    assert sum(each["probability"] for each in choice["probabilities"]) == pytest.approx(
        1, abs=1e-5
    )
    assert predicate["probability"] > 0.5
    assert [(each["label"], each["value"]) for each in score["probabilities"]] == [
        ("low", 0),
        ("order_tracking", 1),
    ]
    assert score["score"] == score["probabilities"][1]["probability"]
    assert choice["confidence"] == pytest.approx(
        2 * choice["probabilities"][0]["probability"] - 1, abs=1e-5
    )


def test_choice_of_booleans_keeps_their_type(client):
    """Values may be true and false, bound by their descriptions."""
    choices = [
        {"value": True, "description": "order_tracking"},
        {"value": False, "description": "greeting, password_reset"},
    ]
    [answer] = ask(client, [{"type": "choice", "choices": choices}]).json["answers"]

    assert answer["choice"] is True
    assert [each["value"] for each in answer["probabilities"]] == [True, False]


@pytest.mark.parametrize(
    "instructions",
    [
        pytest.param("order_tracking", id="text"),
        pytest.param([{"type": "input_text", "text": "order_tracking"}], id="part"),
        pytest.param(
            [{"type": "input_json", "data": {"intents": ["order_tracking"]}}], id="json-part"
        ),
    ],
)
def test_predicate_names_intents(client, instructions):
    """The statement is a text, or the data of a part."""
    [answer] = ask(client, [{"type": "predicate", "instructions": instructions}]).json["answers"]

    assert answer["probability"] > 0.5


@pytest.mark.parametrize(
    "question",
    [
        pytest.param({"type": "predicate", "instructions": "Is it spam?"}, id="predicate"),
        pytest.param({"type": "choice", "choices": [{"value": "sales"}]}, id="choice"),
        pytest.param({"type": "score", "levels": [{"label": "urgent"}]}, id="score"),
        pytest.param({"type": "predicate", "instructions": None}, id="no-instructions"),
    ],
)
def test_question_without_known_intents_is_refused_alone(client, question):
    """The other questions of the request have their answers."""
    refusal, answer = ask(client, [{**question, "name": "q"}, CHOICE]).json["answers"]

    assert refusal == {"type": "refusal", "name": "q"}
    assert answer["choice"] == "order_tracking"


def test_input_may_be_a_conversation(client):
    """The newest human text is classified, whatever tools return after it."""
    messages = [
        {"role": "user", "content": [{"type": "input_text", "text": "where is my order"}]},
        {"type": "function_call", "call_id": "1", "name": "find", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "1", "output": "hello"},
    ]

    assert ask(client, [CHOICE], messages).json["answers"][0]["choice"] == "order_tracking"


@pytest.mark.parametrize(
    ("fields", "status", "message"),
    [
        pytest.param(
            {"questions": []}, 400, "'questions' must be a list of 1 to 400 questions", id="none"
        ),
        pytest.param(
            {"questions": [CHOICE] * 401},
            400,
            "'questions' must be a list of 1 to 400 questions",
            id="many",
        ),
        pytest.param(
            {"questions": [7]},
            400,
            "'questions[0]' must have the type predicate, choice or score",
            id="no-object",
        ),
        pytest.param(
            {"questions": [{"type": {}}]},
            400,
            "'questions[0]' must have the type predicate, choice or score",
            id="type-is-an-object",
        ),
        pytest.param(
            {"questions": [{**CHOICE, "name": 7}]},
            400,
            "The name of 'questions[0]' must be a string",
            id="name",
        ),
        pytest.param(
            {"questions": [{"type": "choice"}]},
            400,
            "'questions[0]' must have 1 to 255 choices",
            id="no-choices",
        ),
        pytest.param(
            {"questions": [{"type": "score", "levels": [{"label": True}]}]},
            400,
            "Each of the levels of 'questions[0]' must have a 'label'",
            id="label",
        ),
        pytest.param(
            {"input": None}, 400, "'input' must be a string, an object or a list", id="input"
        ),
        pytest.param(
            {"input": "x" * 201}, 413, "'input' must have at most 200 characters", id="long"
        ),
    ],
)
def test_error_has_the_form_of_openai(client, fields, status, message):
    """The client raises its own error from the status and the message."""
    body = {"model": "any", "input": "hello", "questions": [CHOICE]} | fields
    response = client.post("/v1/decisions", json=body)

    assert response.status_code == status
    assert response.json == {
        "error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    }


def test_options_that_are_no_intents_are_compared(encoding_client):
    """With an encoder, their descriptions answer; a predicate has nothing to compare with."""
    choices = [{"value": "orders", "description": "where is my order"}, {"value": "xyz"}]
    levels = [{"label": "xyz"}, {"label": "order", "description": "where is my order"}]
    response = ask(
        encoding_client,
        [
            {"type": "choice", "choices": choices},
            {"type": "score", "levels": levels},
            {"type": "predicate", "instructions": "Is the customer angry?"},
        ],
    )
    choice, score, predicate = response.json["answers"]

    assert response.json["model"] == "intent-classifier+descriptions"
    assert choice["choice"] == "orders"
    assert score["score"] > 0.5
    assert predicate["type"] == "refusal"
