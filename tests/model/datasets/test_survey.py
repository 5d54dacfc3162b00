from __future__ import annotations

from pathlib import Path

import pytest

from model.datasets import survey as module
from model.datasets.checks import CONTRADICTIONS, REPETITIONS, normalised
from model.datasets.entry import Example, Note
from model.datasets.survey import Batch, FirstProblems, Survey
from model.errors import Problem

FIRST, SECOND = Path("first.csv"), Path("second.csv")


def test_intents_are_counted_in_bounded_memory(monkeypatch):
    """Labels that are different in every row do not fill the memory."""
    monkeypatch.setattr(module, "MAX_INTENTS", 1)
    survey = Survey()
    for intent in "aabc":
        survey.add_entries([Example("x", intent, FIRST, 1)])

    assert survey.intents == {"a": 2, "(further intents)": 2}


def test_problems_are_kept_in_bounded_memory(monkeypatch):
    """All are counted."""
    monkeypatch.setattr(module, "MAX_KEPT", 2)
    problems = FirstProblems()
    for line in range(5):
        problems.append(Problem(FIRST, line, "x", REPETITIONS))
    problems.append(Problem(FIRST, 9, "y"))

    assert [problem.line for problem in problems.kept] == [0, 1, 9]
    assert problems.counts == {REPETITIONS: 5, None: 1}


def test_twins_are_named_across_files(monkeypatch):
    """A message names the file of the earlier text if it is another one."""
    monkeypatch.setattr(module, "BATCH", 2)
    survey = Survey()
    survey.add_entries(
        [
            Example("Hi  there", "a", FIRST, 2),
            Note(FIRST, 3, "a note"),
            Example("hi there", "a", FIRST, 4),
            Example("HI THERE", "b", SECOND, 5),
            Example("other", "b", SECOND, 6),
        ]
    )

    assert survey.twins() == [
        Problem(FIRST, 4, "same text as line 2", REPETITIONS),
        Problem(SECOND, 5, "labelled b, but first.csv:2 labels the same text a", CONTRADICTIONS),
    ]
    assert (survey.rows, survey.repetitions) == (4, 1)


def test_parts_are_compared_by_themselves():
    """A text of the test may be one of the training data as well."""
    survey = Survey()
    survey.add_entries([Example("hi", "a", FIRST, 1), Example("hi", "a", FIRST, 2, "test")])
    survey.add_entries([Example("hi", "a", SECOND, 1)], "out_of_scope_test")

    assert survey.repetitions == 0


@pytest.mark.parametrize(
    "texts",
    [["Hi There", "you"], ["a  b", " c"], ["a\tb"], ["STRASSE", "straße"], ["a\x1fb"], []],
)
def test_texts_are_compared_in_their_normalised_form(texts):
    """In the short way for regular spaces as in the long one."""
    assert list(module._all_normalised(texts)) == list(map(normalised, texts))


def test_scripts_are_those_of_a_sample():
    """Letters are counted by the first word of their names."""
    assert Batch.of(["ab, я"], ["x"], [1]).scripts == {"Latin": 2, "Cyrillic": 1}
