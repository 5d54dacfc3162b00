from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from model.answers import Answers
from model.evaluation import Confusion, Evaluation, IntentScore
from model.findings import Suspect
from model.formats import Example
from model.intervals import Interval
from model.model_card import ModelCard
from model.report import render_report

CARD = ModelCard(("greet", "<b>"), "0123456789abcdef", threshold=1.0)
EVALUATION = Evaluation(
    accuracy=0.75,
    macro_f1=0.7,
    rejected=0.05,
    intents=(
        IntentScore("<b>", precision=1.0, recall=1.0, f1=1.0, support=2),
        IntentScore("greet", precision=1.0, recall=0.5, f1=0.667, support=2),
    ),
    confusions=(Confusion("greet", "<b>", 1),),
    calibration_error=0.123,
    robustness={"upper case": 0.5},
    out_of_scope_recall=0.8,
    out_of_scope_precision=0.6,
    out_of_scope_auroc=0.9,
    intervals={
        "accuracy": Interval(0.301, 0.954),
        "macro_f1": Interval(0.2, 0.9),
        "rejected": Interval(0.01, 0.3),
        "calibration_error": Interval(0.021, 0.321),
        "upper case": Interval(0.15, 0.85),
        "out_of_scope_recall": Interval(0.4, 0.98),
        "out_of_scope_precision": Interval(0.31, 0.83),
        "out_of_scope_auroc": Interval(0.71, 0.99),
    },
)
ANSWERS = Answers(
    examples=tuple(
        Example(text, intent, Path("test.csv"), 2)
        for text, intent in (("hi", "greet"), ("ho", "greet"), ("b", "<b>"), ("bb", "<b>"))
    ),
    predicted=("<b>", "greet", "<b>", "<b>"),
    confidences=np.array([0.55, 0.95, 0.95, 1.0]),
    in_scope=np.array([0.5, 2.0, 3.0, 4.0]),
    out_of_scope=np.array([0.0, 2.5]),
    threshold=1.0,
)
SUSPECT = Suspect(Example("<script>hi</script>", "greet", Path("data/train.csv"), 7), "<b>", 0.91)
VOID = {"meta", "rect", "path", "circle", "polyline"}


class Page(HTMLParser):
    """Checks that each element is closed, and collects what is shown and what is referred to."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self.references: list[str] = []
        self.feed(content)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.references += [str(value) for name, value in attrs if name in {"src", "href"}]
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in {"meta"}:
            self.open.pop()

    def handle_startendtag(self, tag: str, *_: object) -> None:
        assert tag in VOID

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.open and self.open[-1] in {"td", "th"}:
            self.rows[-1].append(data)


@pytest.fixture
def page() -> Page:
    return Page(render_report(CARD, EVALUATION, ANSWERS, [SUSPECT]))


def test_numbers_are_shown(page):
    """What the test found stands at the top, each with its interval."""
    for shown in ("75.0%", "70.0%", "0.123", "5.0%", "80.0%", "60.0%", "0.900", "50.0%"):
        assert shown in page.text
    for interval in ("30.1% to 95.4%", "0.021 to 0.321", "31.0% to 83.0%", "0.710 to 0.990"):
        assert interval in page.text


def test_doubtful_labels_are_listed_with_their_place(page):
    """People find the line to mend; nothing in it is taken for a tag."""
    assert ["<script>hi</script>", "train.csv:7", "greet", "<b>", "0.91"] in page.rows


def test_intents_are_listed_the_weakest_first(page):
    """What needs work comes first, and confusions are named."""
    f1_rows = [row for row in page.rows if len(row) == 5 and row[-1] == "2"]

    assert [row[0] for row in f1_rows] == ["greet", "<b>"]
    assert ["greet", "<b>", "1"] in page.rows


def test_nothing_is_loaded_from_outside():
    """One file, that works without a network."""
    content = render_report(CARD, EVALUATION, ANSWERS, [SUSPECT])

    assert Page(content).references == []
    assert not re.search(r"https?:|url\(|@import", content)


def test_reliability_has_a_point_for_each_bin_in_use():
    """Three right of confidence 0.95 and more, and a wrong one of 0.55: two points."""
    content = render_report(CARD, EVALUATION, ANSWERS, [])

    assert content.count('class="dot"') == 2


def test_cells_of_the_matrix_say_what_they_are():
    """Hovering tells rows, columns and shares."""
    content = render_report(CARD, EVALUATION, ANSWERS, [])

    assert "greet taken for &lt;b&gt;: 50%" in content
    assert "greet taken for greet: 50%" in content


def test_without_out_of_scope_texts_there_is_no_trade_off():
    """What was not measured is not shown."""
    evaluation = replace(EVALUATION, out_of_scope_recall=None, out_of_scope_auroc=None)
    answers = replace(ANSWERS, out_of_scope=np.array([]))

    assert "out-of-scope" not in render_report(CARD, evaluation, answers, [])


def test_model_without_threshold_has_no_mark():
    """The curve is there, but no point on it is the model's."""
    marked = render_report(CARD, EVALUATION, ANSWERS, [])
    unmarked = render_report(replace(CARD, threshold=None), EVALUATION, ANSWERS, [])

    assert 'class="mark"' in marked
    assert 'class="mark"' not in unmarked
