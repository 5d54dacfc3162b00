from __future__ import annotations

import json
from typing import Any

import pytest

from model.datasets.records import Utterance
from model.desk import training
from model.desk.findings import Finding
from model.desk.session import Session

EVENTS = (
    {"text": "zzz qqq", "intent": "out_of_scope", "confidence": 0.9},
    {"text": "I lost my password", "intent": "greeting", "confidence": 0.3},
    {"text": "sure of this", "intent": "greeting", "confidence": 0.9},
    {"text": "my parcel", "intent": "greeting", "confidence": 0.2},
    {"text": "Bonjour", "intent": "thanks", "confidence": 0.1, "answered_by": "fallback"},
    {"text": "My parcel", "intent": "order_tracking", "answer": {"intent": "greeting"}},
)
SUSPECT = Finding("suspect", (Utterance("hello there", "order_tracking"),), ("greeting",), "")
RESULT: dict[str, Any] = {
    "findings": [SUSPECT.to_fields()],
    "neighbours": {"greeting": ["order_tracking"]},
}


@pytest.fixture
def events(tmp_path):
    """A log with doubtful messages and a correction."""
    path = tmp_path / "events.jsonl"
    path.write_text("".join(json.dumps(event) + "\n" for event in EVENTS))
    return path


@pytest.fixture
def trained(folder, tmp_path, events, small_folder, monkeypatch):
    """A session whose training has made the small model."""

    class Trained(training.Training):
        model = small_folder

    monkeypatch.setattr("model.desk.session.Training", Trained)
    session = Session(folder, tmp_path / "output", events)
    yield session
    session.training.close()


def texts(session: Session, kind: str) -> set[str]:
    found = session.desk.queue(kind, 0, 10)["findings"]
    return {each["text"] for finding in found for each in finding["utterances"]}


def proposed_for(session: Session, text: str) -> str:
    """Return the first proposal for a doubtful message."""
    found = session.desk.queue("doubtful", 0, 10)["findings"]
    [intents] = [
        each["intents"] for each in found if text in {one["text"] for one in each["utterances"]}
    ]
    return str(intents[0])


def test_corrections_are_there_at_once(trained):
    """They need no model; the groups of doubtful messages do."""
    assert texts(trained, "corrected") == {"My parcel"}
    assert texts(trained, "doubtful") == set()


def test_a_training_renews_the_findings(trained):
    """Doubtful messages are grouped by the new model, without those that users corrected."""
    trained._take_over(RESULT)
    assert texts(trained, "suspect") == {"hello there"}
    assert texts(trained, "doubtful") == {"zzz qqq", "I lost my password", "Bonjour"}
    assert proposed_for(trained, "Bonjour") == "thanks"
    assert trained.neighbours == {"greeting": ["order_tracking"]}


def test_without_events_nothing_is_doubtful(session):
    """A training brings the findings of the data alone."""
    session.training.start()
    session.training.wait()
    assert texts(session, "doubtful") == set()
    assert session.neighbours == {"greeting": ["order_tracking"]}
