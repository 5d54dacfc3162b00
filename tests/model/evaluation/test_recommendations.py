from __future__ import annotations

from pathlib import Path

import pytest

from model.datasets.readers import Example
from model.evaluation.data_issues import (
    ConfusedIntents,
    DataIssues,
    Mistake,
    NearDuplicates,
    WeakIntent,
)
from model.evaluation.recommendations import steps

OTHER_WORDS = "use other words (50% hardly differ from another)"
NOTHING = DataIssues((), (), (), ())


def example(line: int, intent: str) -> Example:
    return Example(f"text {line}", intent, Path("data/train.csv"), line)


MISTAKE = Mistake(example(2, "a"), "b", 0.934)
FINDINGS = DataIssues(
    suspects=(MISTAKE,),
    look_alikes=(NearDuplicates(example(3, "a"), example(4, "b"), 0.971, are_told_apart=False),),
    confusions=(ConfusedIntents(("a", "b"), 7, 40, (MISTAKE,)),),
    weak_intents=(WeakIntent(example(5, "c"), 12, 0.5, 0.75),),
)


def test_steps_come_in_their_order():
    """A wrong label is mended at once; new utterances take longest."""
    assert [step.title for step in steps(FINDINGS)] == [
        "Correct labels that are probably wrong",
        "Decide on near-duplicates across intents",
        "Set intents apart that are confused",
        "Add to intents with too few or too uniform utterances",
    ]


def test_sentences_name_file_and_line():
    """Each says what is wrong and where."""
    assert [step.sentences for step in steps(FINDINGS)] == [
        ("train.csv:2 “text 2” is labelled a; b is likelier (0.93)",),
        ("train.csv:3 “text 3” is labelled a, and train.csv:4 “text 4” b",),
        ("a and b: 7 of 40 utterances are taken for the other, such as train.csv:2 “text 2”",),
        (f"c (train.csv:5): 12 utterances, 75% recognised; add utterances; {OTHER_WORDS}",),
    ]


def test_rows_fit_their_header():
    """The report's tables say the same."""
    for step in steps(FINDINGS):
        assert all(len(row) == len(step.header) for row in step.rows)
    assert [step.rows[0][-2:] for step in steps(FINDINGS)] == [
        ("b", "0.93"),
        ("no", "0.97"),
        ("7", "40"),
        ("12", "75%"),
    ]


@pytest.mark.parametrize(
    ("count", "repeats", "counsel"),
    [
        pytest.param(12, 0.0, "add utterances", id="few"),
        pytest.param(50, 0.6, "use other words (60% hardly differ from another)", id="uniform"),
    ],
)
def test_counsel_is_what_the_intent_lacks(count, repeats, counsel):
    """More of any kind, or other ones."""
    [step] = steps(DataIssues((), (), (), (WeakIntent(example(5, "c"), count, repeats, 0.75),)))

    assert step.rows[0][1] == counsel


def test_sound_data_takes_no_step():
    """Nothing to do."""
    assert steps(NOTHING) == []
