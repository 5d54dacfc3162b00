"""vLLM's classification: probabilities in the order of the labels."""

from __future__ import annotations

import pytest


def test_probabilities_follow_the_labels_of_the_card(client, small_model):
    """All of them add up to 1; ``out_of_scope`` comes last."""
    response = client.post("/classify", json={"model": "any", "input": "where is my order"})
    [row] = response.json["data"]

    assert (response.json["object"], response.json["model"]) == ("list", "intent-classifier")
    assert (row["index"], row["label"], row["num_classes"]) == (0, "order_tracking", 4)
    assert sum(row["probs"]) == pytest.approx(1, abs=1e-5)
    assert row["probs"].index(max(row["probs"])) == small_model.card.labels.index("order_tracking")


def test_texts_have_their_places(client):
    """A list gets a row for each text."""
    rows = client.post("/classify", json={"input": ["hello", "where is my order"]}).json["data"]

    assert [(row["index"], row["label"]) for row in rows] == [
        (0, "greeting"),
        (1, "order_tracking"),
    ]


def test_rows_say_whether_to_act(acting_client):
    """And the header says it of a single text."""
    single = acting_client.post("/classify", json={"input": "hello"})
    batch = acting_client.post("/classify", json={"input": ["hello"]})

    assert (single.json["data"][0]["act"], single.headers["x-act"]) == (True, "true")
    assert batch.json["data"][0]["act"] is True
    assert "x-act" not in batch.headers


def test_conversation_is_classified(client):
    """Messages stand in place of the input."""
    messages = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "Hi!"}]
    [row] = client.post("/classify", json={"messages": messages}).json["data"]

    assert row["label"] == "greeting"


@pytest.mark.parametrize(
    ("fields", "status", "message"),
    [
        pytest.param(
            {}, 400, "Send 'input', a text or a list of texts, or 'messages'", id="nothing"
        ),
        pytest.param({"input": 7}, 400, "'input' must be a list of strings", id="number"),
        pytest.param({"input": ["a"] * 5}, 413, "'input' must hold at most 4 texts", id="many"),
    ],
)
def test_error_has_the_form_of_openai(client, fields, status, message):
    """Its errors follow OpenAI's."""
    response = client.post("/classify", json=fields)

    assert (response.status_code, response.json["error"]["message"]) == (status, message)
