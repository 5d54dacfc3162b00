from __future__ import annotations

import json

import pytest

from model.datasets.checked import KEEP, UNDO
from model.desk.decision import DELETE
from model.desk.decision_log import DecisionLog

KEPT = {"finding": "abc", "utterances": [{"text": "hi", "intent": "greet"}]}
DISMISSED = {"finding": "def", "utterances": [{"text": "new", "intent": ""}]}


@pytest.fixture
def train(tmp_path):
    return tmp_path / "train.csv"


def test_kept_findings_are_remembered(train):
    """Another session knows the findings that were kept, and the texts that are not needed."""
    log = DecisionLog(train)
    log.append(KEEP, KEPT)
    log.append(KEEP, DISMISSED)
    again = DecisionLog(train)

    for each in (log, again):
        assert each.kept == {"abc", "def"}
        assert each.dismissed == {"new"}
        assert each.count == 2


def test_an_undone_keep_is_forgotten(train):
    """The log only grows: an undo is a record of its own."""
    log = DecisionLog(train)
    number = log.append(KEEP, KEPT)
    log.append(UNDO, {"of": number})

    assert log.kept == DecisionLog(train).kept == set()
    assert len(log.path.read_text().splitlines()) == 2


def test_records_are_json_lines_beside_the_training_file(train):
    """Each line has number, time, action and the decision, in readable characters."""
    DecisionLog(train).append(DELETE, {"utterances": [{"text": "é", "intent": "x"}]})
    content = train.with_name("train.csv.decisions").read_text()

    assert "é" in content
    record = json.loads(content)
    assert (record["number"], record["action"]) == (1, "delete")
    assert record["time"].endswith("+00:00")


@pytest.mark.parametrize("broken", ["", '{"number": 2, "act', "[]", '{"number": 7}'])
def test_broken_lines_are_skipped(train, broken):
    """After an interrupted write, the next record begins on a line of its own."""
    log = DecisionLog(train)
    log.append(KEEP, KEPT)
    log.path.write_text(log.path.read_text() + broken)
    again = DecisionLog(train)
    assert again.append(KEEP, DISMISSED) == 2

    assert DecisionLog(train).kept == {"abc", "def"}


def test_a_torn_line_takes_no_other_one_with_it(train):
    """A disk that was full has cut the last line; what follows begins a line of its own."""
    log = DecisionLog(train)
    log.append(KEEP, DISMISSED)
    with log.path.open("ab") as file:
        file.write(b'{"number": 2, "ti')
    log.append(KEEP, KEPT)

    assert DecisionLog(train).kept == {"abc", "def"}
