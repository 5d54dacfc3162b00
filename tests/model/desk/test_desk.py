from __future__ import annotations

import json
import shutil

import pytest

from model.datasets.checked import KEEP
from model.datasets.records import Utterance
from model.desk.decision import ADD, DELETE, LATER, RELABEL, Decision
from model.desk.desk import Desk
from model.desk.errors import ChangedOutsideError, DecisionError
from model.desk.findings import Finding
from model.errors import DataError
from model.feedback.event_log import Correction
from tests.model.desk.conftest import TRAIN

HELLO, THERE = Utterance("hello", "greeting"), Utterance("hello there", "order_tracking")
SUSPECT = Finding("suspect", (THERE,), ("greeting", "order_tracking"), "")
CONFUSED = Finding("confused", (), ("greeting", "order_tracking"), "")
DOUBTFUL = Finding("doubtful", (Utterance("yo", ""), Utterance("hey yo", "")), ("greeting",), "")


@pytest.fixture
def desk(folder):
    """A desk with a finding of each sort."""
    desk = Desk(folder)
    desk.add_findings([SUSPECT, CONFUSED], [DOUBTFUL])
    return desk


def kinds(desk: Desk) -> list[str]:
    return [each["kind"] for each in desk.queue(None, 0, 10)["findings"]]


def texts(desk: Desk, kind: str) -> list[str]:
    [finding] = desk.queue(kind, 0, 10)["findings"]
    return [each["text"] for each in finding["utterances"]]


def test_the_surest_findings_come_first(desk):
    """The queue is sorted by kind, and can be limited to a kind and a range."""
    assert kinds(desk) == ["suspect", "doubtful", "confused", "thin", "thin"]
    assert desk.queue("thin", 1, 10)["total"] == 2
    assert len(desk.queue("thin", 1, 10)["findings"]) == 1
    assert desk.queue(None, 0, 1)["findings"][0]["id"] == SUSPECT.id


def test_a_decided_finding_leaves_until_the_decision_is_undone(desk, folder):
    """Relabelling closes the finding; undo restores file and finding."""
    desk.decide(Decision(RELABEL, (THERE,), "greeting", finding=SUSPECT.id))
    assert "suspect" not in kinds(desk)
    assert desk.state()["undo"] == "relabel"

    assert desk.undo().action == "relabel"
    assert kinds(desk)[0] == "suspect"
    assert (folder / "train.csv").read_text() == TRAIN
    assert desk.state()["undo"] is None


def test_a_kept_finding_is_never_asked_again(desk, folder):
    """Another desk on the same data remembers it, until the keep is undone."""
    desk.decide(Decision(KEEP, (THERE,), finding=SUSPECT.id))
    assert "suspect" not in kinds(desk)
    other = Desk(folder)
    other.add_findings([SUSPECT], [])
    assert "suspect" not in kinds(other)

    desk.undo()
    assert kinds(desk)[0] == "suspect"


def test_later_moves_a_finding_to_the_end(desk):
    """It comes after all others, the last one postponed at the very end."""
    desk.decide(Decision(LATER, finding=SUSPECT.id))
    assert kinds(desk) == ["doubtful", "confused", "thin", "thin", "suspect"]
    desk.decide(Decision(LATER, finding=DOUBTFUL.id))
    assert kinds(desk) == ["confused", "thin", "thin", "suspect", "doubtful"]

    desk.undo()
    assert kinds(desk) == ["doubtful", "confused", "thin", "thin", "suspect"]


def test_a_group_of_new_texts_is_decided_in_parts(desk):
    """Texts that were added leave the group, and so do those that are not needed."""
    desk.decide(Decision(ADD, DOUBTFUL.utterances[:1], "greeting"))
    assert texts(desk, "doubtful") == ["hey yo"]

    desk.decide(Decision(KEEP, DOUBTFUL.utterances[1:], finding=DOUBTFUL.id))
    assert "doubtful" not in kinds(desk)
    desk.undo()
    assert texts(desk, "doubtful") == ["hey yo"]


def test_findings_on_lost_intents_leave(desk):
    """Without utterances of an intent, nobody confuses it; but its tests are left over."""
    desk.decide(Decision(DELETE, desk.selected("greeting", "")))
    assert kinds(desk) == ["emptied", "suspect", "doubtful", "thin"]
    desk.decide(Decision(DELETE, intent="greeting"))
    assert kinds(desk) == ["suspect", "doubtful", "thin"]


def test_corrections_are_findings(folder):
    """A corrected text is decided like others."""
    desk = Desk(folder, [Correction("yo", "greeting", "order_tracking")])
    assert texts(desk, "corrected") == ["yo"]
    desk.decide(Decision(ADD, (Utterance("yo", ""),), "greeting"))
    assert "corrected" not in kinds(desk)


def test_state_counts(desk, folder):
    """The state says which files are edited, and how much is left."""
    desk.decide(Decision(KEEP, (THERE,), finding=SUSPECT.id))
    state = desk.state()
    assert (state["utterances"], state["intents"], state["decisions"]) == (5, 2, 1)
    assert state["file"] == str(folder / "train.csv")
    assert state["open"]["suspect"] == 0
    assert state["open"]["thin"] == 2
    assert not state["changed_outside"]


def test_utterances_are_shown_in_parts(desk):
    """A page has the total, also beyond the last utterance."""
    assert desk.intents() == {"greeting": 2, "order_tracking": 3}
    page = desk.utterances(None, "", 1, 1)
    assert page == {"total": 5, "utterances": [{"text": "hi, you", "intent": "greeting"}]}
    assert desk.utterances("greeting", "hello", 5, 1)["utterances"] == []


def test_each_decision_is_logged(desk, folder):
    """The log has the decision with the utterances as they were."""
    desk.decide(Decision(RELABEL, (THERE,), "greeting", finding=SUSPECT.id))
    desk.undo()
    lines = (folder / "train.csv.decisions").read_text().splitlines()
    relabel, undo = map(json.loads, lines)

    assert relabel["utterances"] == [{"text": "hello there", "intent": "order_tracking"}]
    assert (relabel["to"], relabel["finding"]) == ("greeting", SUSPECT.id)
    assert (undo["action"], undo["of"]) == ("undo", 1)


def test_a_decision_that_cannot_be_logged_is_not_carried_out(desk, folder):
    """The training file is as before."""
    (folder / "train.csv.decisions").mkdir()
    with pytest.raises(IsADirectoryError):
        desk.decide(Decision(DELETE, (HELLO,)))
    assert (folder / "train.csv").read_text() == TRAIN


def test_nothing_is_left_to_undo(desk):
    """Undo says so."""
    with pytest.raises(DecisionError, match="nothing to undo"):
        desk.undo()


def test_changes_of_other_programs_are_read_on_request(desk, folder):
    """Until then nothing is written; afterwards the new content counts."""
    desk.decide(Decision(DELETE, (HELLO,)))
    (folder / "train.csv").write_text("text,intent\nnew,x\n")
    assert desk.state()["changed_outside"]
    with pytest.raises(ChangedOutsideError):
        desk.undo()

    desk.reload()
    assert desk.intents() == {"x": 1}
    assert desk.state()["undo"] is None
    assert not desk.state()["changed_outside"]


def test_a_failed_reload_keeps_the_desk(desk, folder):
    """A file that can't be edited any more is refused; the desk shows what it had."""
    shutil.move(folder / "train.csv", folder / "moved")
    with pytest.raises(DataError):
        desk.reload()
    assert desk.intents() == {"greeting": 2, "order_tracking": 3}
