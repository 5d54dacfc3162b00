from __future__ import annotations

import pytest

HELLO = {"text": "hello", "intent": "greeting"}


def test_findings_are_shown_in_parts(client):
    """A kind and a range limit them; a range that makes no sense is replaced."""
    everything = client.get("/api/findings?limit=10").json
    assert [each["kind"] for each in everything["findings"]] == ["thin", "thin"]
    assert client.get("/api/findings?kind=suspect&limit=10").json["total"] == 0
    assert len(client.get("/api/findings?offset=-5&limit=-1").json["findings"]) == 1
    assert len(client.get("/api/findings?offset=x&limit=9999").json["findings"]) == 2


def test_utterances_are_searched(client):
    """An intent and a text limit them."""
    found = client.get("/api/utterances?intent=greeting&search=you&limit=9").json
    assert found == {"total": 1, "utterances": [{"text": "hi, you", "intent": "greeting"}]}
    intents = client.get("/api/intents").json
    assert intents["intents"] == {"greeting": 2, "order_tracking": 3}
    assert intents["descriptions"]["greeting"] == "Says hello"


def test_a_decision_answers_with_the_new_state(client):
    """Undo answers with the decision that is undone."""
    state = client.post("/api/decide", json={"action": "delete", "utterances": [HELLO]}).json
    assert (state["utterances"], state["undo"]) == (4, "delete")
    assert client.post("/api/undo").json["utterances"] == [HELLO]
    assert client.get("/api/state").json["utterances"] == 5


def test_all_utterances_of_a_search_are_decided(client):
    """A selection stands for utterances that the page does not show."""
    selection = {"search": "hello"}
    client.post("/api/decide", json={"action": "relabel", "selection": selection, "to": "hello"})
    assert client.get("/api/intents").json["intents"]["hello"] == 2


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param("no JSON", "must be a JSON object", id="text"),
        pytest.param({"action": 1}, "'action' must be a string", id="number"),
        pytest.param({"action": "delete", "utterances": {}}, "list of objects", id="object"),
        pytest.param({"action": "delete", "utterances": ["hello"]}, "list of objects", id="list"),
        pytest.param({"utterances": [{"text": None}]}, "'text' must be a string", id="no text"),
        pytest.param({"finding": "\ud800"}, "'finding' must be a string of valid", id="unicode"),
        pytest.param({"selection": {"search": 1}}, "'search' must be a string", id="search"),
    ],
)
def test_malformed_decisions_are_refused(client, body, message):
    """The answer names what is wrong."""
    response = client.post("/api/decide", json=body)
    assert response.status_code == 400
    assert message in response.json["error"]


def test_a_training_is_started_compared_and_adopted(client, session):
    """The comparison follows the second training."""
    assert client.get("/api/comparison").status_code == 400
    for _ in range(2):
        assert client.post("/api/train").status_code == 200
        session.training.wait()

    assert client.get("/api/state").json["training"]["can_compare"]
    assert client.get("/api/comparison").json == {"changed": 0}
    assert client.post("/api/adopt").json == {"output": str(session.output)}
    assert (session.output / "model_card.json").exists()
    assert client.get("/api/intents").json["neighbours"] == {"greeting": ["order_tracking"]}


def test_a_training_is_cancelled(client):
    """Without one running, nothing happens."""
    assert client.post("/api/cancel").json["state"] == "idle"
