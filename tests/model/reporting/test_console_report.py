from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from model.datasets.readers import Example
from model.evaluation.confidence_intervals import Interval
from model.evaluation.data_issues import DataIssues, WeakIntent
from model.evaluation.diagnosis import Diagnosis
from model.evaluation.labelled_predictions import LabelledPredictions
from model.evaluation.learning_curve import LearningCurve
from model.evaluation.metrics import Evaluation, summarise
from model.reporting.console_report import (
    MAX_EXAMPLE,
    print_diagnosis,
    print_evaluation,
    shortened,
)

CURVE = LearningCurve((), 0.02, Interval(0.01, 0.03))


def predictions_of(count: int) -> LabelledPredictions:
    """Return predictions for two utterances of each intent; half of the last are right."""
    names = [f"intent {number:02}" for number in range(count) for _ in range(2)]
    return LabelledPredictions(
        examples=tuple(Example(name, name, Path("t.csv"), 2) for name in names),
        predicted=(*names[:-1], names[0]),
        confidences=np.full(len(names), 0.9),
        in_scope=np.zeros(len(names)),
        out_of_scope=np.array([]),
        out_of_scope_confidences=np.array([]),
        threshold=None,
    )


def printed(show: Callable[[Console], None]) -> list[str]:
    output = StringIO()
    show(Console(file=output, width=100, soft_wrap=True, highlight=False))
    return output.getvalue().splitlines()


def diagnosis_of(findings: DataIssues) -> Diagnosis:
    return Diagnosis(summarise(predictions_of(2)), findings, CURVE)


@pytest.fixture
def evaluation() -> Evaluation:
    return summarise(predictions_of(20))


def test_weakest_intents_are_shown_and_the_others_counted(evaluation):
    """The number of printed intents is bounded."""
    lines = printed(
        lambda console: print_evaluation(console, evaluation, predictions_of(20), max_intents=3)
    )

    shown = [line.split()[2] for line in lines if line.startswith("│ intent")]
    assert shown[:3] == ["19", "00", "01"]
    assert "and 17 more, with an F1 of 100.0% or better" in lines


def test_all_intents_are_shown_by_default(evaluation):
    """Without a bound, all intents are printed."""
    lines = printed(lambda console: print_evaluation(console, evaluation, predictions_of(20)))

    shown = {line.split()[2] for line in lines if line.startswith("│ intent")}
    assert len(shown) == 20
    assert not any(line.startswith("and ") for line in lines)


def test_first_places_of_each_recommendation_are_printed():
    """Three places are printed, and the number of all."""
    first = Example("x" * 10, "greeting", Path("t.csv"), 7)
    findings = DataIssues((), (), (), (WeakIntent(first, 5, 0.0, 0.5),) * 4)

    lines = printed(lambda console: print_diagnosis(console, diagnosis_of(findings)))

    assert lines[0].startswith(
        "Cross-validated on the training utterances: accuracy 0.7500 (0.3006 to 0.9544), macro-F1 "
    )
    assert lines[1:] == [
        "What to improve first (report.html lists all of it):",
        "1. Extend intents with too few or too uniform utterances: 4",
        *["   greeting (t.csv:7): 5 utterances, 50% recognised; add utterances"] * 3,
        CURVE.verdict,
    ]


def test_sound_data_has_no_list():
    """Without issues, no recommendation is printed."""
    lines = printed(
        lambda console: print_diagnosis(console, diagnosis_of(DataIssues((), (), (), ())))
    )

    assert lines[1:] == [CURVE.verdict]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("a  short one", "a short one", id="short"),
        pytest.param("word " * 30, "word " * 11 + "word…", id="many-words"),
        pytest.param("w" * 100, "…", id="one-long-word"),
    ],
)
def test_long_examples_are_cut(text, shown):
    """An example in a table is shortened to one or two lines."""
    assert shortened(text) == shown
    assert len(shortened(text)) <= MAX_EXAMPLE
