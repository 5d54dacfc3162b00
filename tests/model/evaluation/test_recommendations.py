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
from model.evaluation.recommendations import recommend

OTHER_WORDS = "use other words (50% hardly differ from another)"
NOTHING = DataIssues((), (), (), ())


def example(line: int, intent: str) -> Example:
    return Example(f"text {line}", intent, Path("data/train.csv"), line)


MISTAKE = Mistake(example(2, "a"), "b", 0.934)
ISSUES = DataIssues(
    suspects=(MISTAKE,),
    near_duplicates=(
        NearDuplicates(example(3, "a"), example(4, "b"), 0.971, are_recognised=False),
    ),
    confusions=(ConfusedIntents(("a", "b"), 7, 40, (MISTAKE,)),),
    weak_intents=(WeakIntent(example(5, "c"), 12, 0.5, 0.75),),
)


def test_recommendations_come_in_the_order_to_follow():
    """Wrong labels come first, because they are corrected at once; new utterances come last."""
    assert [each.title for each in recommend(ISSUES)] == [
        "Look at labels that the model doubts",
        "Decide on near-duplicates across intents",
        "Separate intents that are confused",
        "Extend intents with too few or too uniform utterances",
    ]


def test_sentences_name_file_and_line():
    """Each sentence states the issue with file and line."""
    assert [[place.sentence for place in each.places] for each in recommend(ISSUES)] == [
        ["train.csv:2 “text 2” is labelled a; b is likelier (0.93)"],
        ["train.csv:3 “text 3” is labelled a, and train.csv:4 “text 4” b"],
        ["a and b: 7 of 40 utterances are mistaken for the other, such as train.csv:2 “text 2”"],
        [f"c (train.csv:5): 12 utterances, 75% recognised; add utterances; {OTHER_WORDS}"],
    ]


def test_rows_fit_their_header():
    """The cells of each row match the header of the report's table."""
    for each in recommend(ISSUES):
        assert all(len(place.cells) == len(each.header) for place in each.places)
    assert [each.places[0].cells[-2:] for each in recommend(ISSUES)] == [
        ("b", "0.93"),
        ("yes", "0.97"),
        ("7", "40"),
        ("12", "75%"),
    ]
    numbers = [each.places[0].cells[-each.numbers :] for each in recommend(ISSUES)]
    assert numbers == [("0.93",), ("0.97",), ("7", "40"), ("12", "75%")]


@pytest.mark.parametrize(
    ("count", "repeats", "advice"),
    [
        pytest.param(12, 0.0, "add utterances", id="few"),
        pytest.param(50, 0.6, "use other words (60% hardly differ from another)", id="uniform"),
    ],
)
def test_advice_depends_on_the_weakness(count, repeats, advice):
    """Few utterances need more of them, uniform ones other words."""
    [recommendation] = recommend(
        DataIssues((), (), (), (WeakIntent(example(5, "c"), count, repeats, 0.75),))
    )

    assert recommendation.places[0].cells[1] == advice


def test_sound_data_has_no_recommendation():
    """Without issues, the list is empty."""
    assert recommend(NOTHING) == []
