from __future__ import annotations

import pytest

from model.datasets.checked import KEEP
from model.datasets.records import Utterance
from model.desk.changes import changes_of
from model.desk.data_files import DataFiles
from model.desk.decision import ADD, DELETE, RELABEL, RENAME, REWORD, Decision
from model.desk.errors import DecisionError
from tests.model.desk.conftest import DESCRIPTIONS, TRAIN

HELLO, THERE = Utterance("hello", "greeting"), Utterance("hello there", "order_tracking")
NEW = Utterance("yo", "")


@pytest.fixture
def files(folder):
    return DataFiles(folder)


def carry_out(files: DataFiles, decision: Decision) -> None:
    files.apply(changes_of(decision, files))


@pytest.mark.parametrize(
    ("decision", "old", "new"),
    [
        pytest.param(
            Decision(RELABEL, (THERE,), "greeting"),
            "5,hello there,order_tracking",
            "5,hello there,greeting",
            id="relabel",
        ),
        pytest.param(Decision(DELETE, (HELLO,)), "1,hello,greeting\n", "", id="delete"),
        pytest.param(
            Decision(REWORD, (HELLO,), "hello, sir"),
            "1,hello,greeting",
            '1,"hello, sir",greeting',
            id="reword",
        ),
        pytest.param(
            Decision(ADD, (NEW, NEW), "greeting"),
            "5,hello there,order_tracking\n",
            "5,hello there,order_tracking\n,yo,greeting\n",
            id="add",
        ),
        pytest.param(Decision(ADD, (HELLO,), "greeting"), "", "", id="add again"),
        pytest.param(Decision(KEEP, finding="abc"), "", "", id="keep"),
    ],
)
def test_actions_change_the_training_file(files, folder, decision, old, new):
    """Each action changes its lines, and leaves all others as they are."""
    carry_out(files, decision)
    assert (folder / "train.csv").read_text() == TRAIN.replace(old, new)


def test_a_text_that_has_the_intent_already_is_not_repeated(folder):
    """Of two labels of a text, the wrong one leaves."""
    (folder / "train.csv").write_text(TRAIN + "6,hello,order_tracking\n")
    decision = Decision(RELABEL, (Utterance("hello", "order_tracking"), HELLO), "greeting")
    carry_out(DataFiles(folder), decision)
    assert (folder / "train.csv").read_text() == TRAIN


def test_out_of_scope_texts_move_to_their_file(files, folder):
    """They leave the training file, and are created where training looks for them."""
    carry_out(files, Decision(RELABEL, (HELLO,), "out_of_scope"))
    carry_out(files, Decision(ADD, (NEW,), "out_of_scope"))

    assert "1,hello" not in (folder / "train.csv").read_text()
    outside = (folder / "out_of_scope_validation.csv").read_text()
    assert outside == "text,intent\nhello,out_of_scope\nyo,out_of_scope\n"


def test_out_of_scope_texts_of_a_single_file_stay_in_it(folder):
    """Training reads the file alone, and takes its intent out_of_scope for such texts."""
    carry_out(DataFiles(folder / "train.csv"), Decision(RELABEL, (HELLO,), "out_of_scope"))
    assert "1,hello,out_of_scope" in (folder / "train.csv").read_text()


def test_a_renamed_intent_is_renamed_in_all_files(files, folder):
    """Tests of an intent that training does not know would be refused."""
    carry_out(files, Decision(RENAME, to="hello", intent="greeting"))
    for name in ("train.csv", "test.csv", "contrast_test/negation.csv"):
        content = (folder / name).read_text()
        assert ",hello\n" in content
        assert ",greeting\n" not in content
    described = (folder / "intent_descriptions.csv").read_text()
    assert described == DESCRIPTIONS.replace("\ngreeting,", "\nhello,")


def test_merged_intents_keep_one_description(files, folder):
    """The description of the intent that takes over stays."""
    carry_out(files, Decision(RENAME, to="order_tracking", intent="greeting"))
    described = (folder / "intent_descriptions.csv").read_text()
    assert described.splitlines()[1:] == ["order_tracking,Asks for an order,"]


@pytest.fixture
def emptied(files):
    """Files after the last utterance of an intent has left the training file."""
    greetings = tuple(files.train.select("greeting"))
    carry_out(files, Decision(DELETE, greetings))
    return files


def test_what_is_left_of_an_intent_is_renamed(emptied, folder):
    """The intent that took its utterances over has its tests as well."""
    carry_out(emptied, Decision(RENAME, to="order_tracking", intent="greeting"))
    assert emptied.left_over() == {}
    assert "hey,order_tracking\n" in (folder / "test.csv").read_text()
    assert "greeting" not in (folder / "intent_descriptions.csv").read_text()


def test_what_is_left_of_an_intent_is_deleted(emptied, folder):
    """Its tests and its description leave their files."""
    carry_out(emptied, Decision(DELETE, intent="greeting"))
    assert emptied.left_over() == {}
    assert (folder / "test.csv").read_text() == "text,intent\nmy order,order_tracking\n"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("intent,description,example\n", id="not described"),
        pytest.param("", id="no table"),
    ],
)
def test_intents_need_no_description(folder, content):
    """A file of descriptions that does not name the intent stays as it is."""
    (folder / "intent_descriptions.csv").write_text(content)
    files = DataFiles(folder)
    carry_out(files, Decision(RENAME, to="hello", intent="greeting"))
    assert (folder / "intent_descriptions.csv").read_text() == content


@pytest.mark.parametrize(
    ("decision", "message"),
    [
        (Decision("buy"), "no such action"),
        (Decision(KEEP), "no finding"),
        (Decision(DELETE), "No utterance is selected"),
        (Decision(DELETE, intent="greeting"), "No utterance is selected"),
        (Decision(ADD, to="greeting"), "No utterance is selected"),
        (Decision(ADD, (HELLO,), "order_tracking"), "labelled greeting already"),
        (Decision(RENAME, to="x", intent="y"), "no such intent"),
        (Decision(RENAME, to="out_of_scope", intent="greeting"), "Select the utterances"),
    ],
)
def test_impossible_decisions_are_refused(files, decision, message):
    """The message says why."""
    with pytest.raises(DecisionError, match=message):
        changes_of(decision, files)
