from __future__ import annotations

from pathlib import Path

import pytest

from model.datasets.entry import Example
from model.datasets.records import Utterance
from model.desk.corpus import Corpus
from model.desk.findings import (
    Finding,
    of_corpus,
    of_corrections,
    of_groups,
    of_issues,
    of_left_over,
)
from model.evaluation.data_issues import (
    ConfusedIntents,
    DataIssues,
    Mistake,
    NearDuplicates,
    WeakIntent,
)
from model.feedback.clusters import Group
from model.feedback.event_log import Correction
from model.inference.prediction import Alternative

FIRST = Example("hello", "greeting", Path("train.csv"), 2)
SECOND = Example("hello there", "order_tracking", Path("train.csv"), 6)
HELLO, THERE = Utterance("hello", "greeting"), Utterance("hello there", "order_tracking")


@pytest.fixture
def corpus(folder):
    return Corpus(folder / "train.csv")


def test_contradictions_and_thin_intents_need_no_predictions(folder):
    """A text with two intents is found at once, as are intents with few utterances."""
    with (folder / "train.csv").open("a") as file:
        file.write("6,Hello,order_tracking\n7,rain?,out_of_scope\n8,one,alone\n")
    contradiction, *thin = of_corpus(Corpus(folder / "train.csv"))

    assert contradiction.kind == "contradiction"
    assert contradiction.utterances == (HELLO, Utterance("Hello", "order_tracking"))
    assert contradiction.intents == ("greeting", "order_tracking")
    assert [each.intents for each in thin] == [("alone",), ("greeting",), ("order_tracking",)]
    assert thin[0].note == "alone has 1 utterance; 20 or more do better."
    assert thin[1].note == "greeting has 2 utterances; 20 or more do better."


def test_intents_that_only_other_files_name_are_found():
    """The note names the files."""
    [found] = of_left_over({"greeting": ["test.csv", "intent_descriptions.csv"]})
    assert (found.kind, found.intents) == ("emptied", ("greeting",))
    assert found.note.startswith(
        "greeting has no utterance any more, but test.csv and intent_descriptions.csv still name it"
    )


def test_issues_become_findings():
    """Each says why it is worth a look, and proposes the likeliest intent first."""
    mistake = Mistake(FIRST, "order_tracking", 0.912)
    issues = DataIssues(
        (mistake,),
        (
            NearDuplicates(FIRST, SECOND, 0.9, are_recognised=False),
            NearDuplicates(FIRST, SECOND, 0.9, are_recognised=True),
        ),
        (ConfusedIntents(("greeting", "order_tracking"), 2, 9, (mistake,)),),
        (WeakIntent(FIRST, 40, 0.75, 1.0), WeakIntent(SECOND, 3, 0.0, 1.0)),
    )
    suspect, near, recognised, confused, uniform = of_issues(issues)

    assert suspect.intents == ("order_tracking", "greeting")
    assert "with a confidence of 0.91" in suspect.note
    assert near.utterances == (HELLO, THERE)
    assert near.note.endswith("The model confuses them.")
    assert recognised.note.endswith("tell them apart.")
    assert confused.note.startswith("2 of 9 utterances of greeting and order_tracking")
    assert uniform.note.startswith("75% of the utterances of greeting")


def test_the_newest_correction_of_a_text_counts(corpus):
    """A text that has the intent already is no finding; one with another intent is relabelled."""
    old = Correction("new text", "greeting", "out_of_scope")
    new = Correction("New  text", "order_tracking", "greeting", "late again")
    right = Correction("hello", "greeting", "order_tracking")
    wrong = Correction("hello there", "greeting", "order_tracking")
    first, second = of_corrections([old, new, right, wrong], corpus)

    assert first.utterances == (Utterance("New  text", ""),)
    assert first.note == "A user says: order_tracking, not greeting. Comment: late again"
    assert second.utterances == (THERE,)
    assert second.note == "A user says: greeting, not order_tracking."


def test_groups_of_doubtful_messages_propose_intents():
    """A group of a known intent says so; another one may be a new intent."""
    proposals = (Alternative("greeting", 0.9), Alternative("order_tracking", 0.1))
    unlikely = (Alternative("greeting", 0.2),)
    known, unknown = of_groups(
        [
            Group(("yo", "yo yo"), proposals, is_out_of_scope=False),
            Group(("zzz",), unlikely, is_out_of_scope=False),
        ],
        {},
    )

    assert known.utterances == (Utterance("yo", ""), Utterance("yo yo", ""))
    assert known.intents == ("greeting", "order_tracking")
    assert known.note == "The service was unsure. Probably greeting."
    assert unknown.note == "The service was unsure. Possibly a new intent."


def test_the_intent_of_another_classifier_is_proposed_first():
    """It has seen the messages that the model was unsure of."""
    proposals = (Alternative("greeting", 0.9), Alternative("order_tracking", 0.1))
    group = Group(("yo", "Yo yo", "hm"), proposals, is_out_of_scope=False)
    chosen = {"yo yo": "order_tracking", "yo": "order_tracking", "hm": "thanks"}
    [found] = of_groups([group], chosen)

    assert found.intents == ("order_tracking", "greeting")
    assert found.note == "The service was unsure. Another classifier says order_tracking."


def test_an_id_stands_for_the_question():
    """Another confidence or proposal asks nothing new; another utterance does."""
    first = Finding("suspect", (HELLO,), ("order_tracking",), "0.91")
    again = Finding("suspect", (HELLO,), ("thanks",), "0.85")
    assert first.id == again.id
    assert first.id != Finding("suspect", (THERE,), ("order_tracking",), "0.91").id

    one = Finding("confused", (HELLO,), ("a", "b"), "")
    assert one.id == Finding("confused", (), ("b", "a"), "").id


def test_findings_travel_as_json():
    """A finding that is written and read again is the same."""
    finding = Finding("suspect", (HELLO,), ("order_tracking",), "note")
    assert Finding.from_fields(finding.to_fields()) == finding
