from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

from model.datasets.readers import Example
from model.evaluation.confidence_intervals import Interval
from model.evaluation.data_issues import DataIssues, Mistake
from model.evaluation.diagnosis import Diagnosis
from model.evaluation.labelled_predictions import LabelledPredictions
from model.evaluation.learning_curve import LearningCurve, Point
from model.evaluation.metrics import Confusion, Evaluation, IntentScore
from model.inference.calibration import InScopeCalibration
from model.inference.model_card import ModelCard
from model.reporting.html_report import MAX_RECOMMENDED, render_report
from model.training.fitted_model import REPORT_NAME
from tests.support.browsers import needs_browser

CARD = ModelCard(
    ("greet", "<b>"),
    "0123456789abcdef",
    in_scope=InScopeCalibration(slope=1.0, intercept=0.0),
    threshold=0.4,
)
EVALUATION = Evaluation(
    accuracy=0.75,
    macro_f1=0.7,
    rejected=0.05,
    intents=(
        IntentScore("<b>", 1.0, 1.0, 1.0, 2, {"f1": Interval(0.5, 1.0)}),
        IntentScore("greet", 1.0, 0.5, 0.667, 2, {"f1": Interval(0.17, 0.95)}),
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
ANSWERS = LabelledPredictions(
    examples=tuple(
        Example(text, intent, Path("test.csv"), 2)
        for text, intent in (("hi", "greet"), ("ho", "greet"), ("b", "<b>"), ("bb", "<b>"))
    ),
    predicted=("<b>", "greet", "<b>", "<b>"),
    confidences=np.array([0.55, 0.95, 0.95, 1.0]),
    in_scope=np.array([0.5, 0.95, 0.99, 1.0]),
    out_of_scope=np.array([0.05, 0.97]),
    out_of_scope_confidences=np.array([0.4, 1.0]),
    threshold=0.4,
)
WITHOUT_OUT_OF_SCOPE = replace(
    ANSWERS, out_of_scope=np.array([]), out_of_scope_confidences=np.array([])
)
SUSPECT = Mistake(Example("<script>hi</script>", "greet", Path("data/train.csv"), 7), "<b>", 0.91)
CURVE = LearningCurve(
    (Point(6, 0.5, Interval(0.3, 0.7)), Point(12, 0.7, Interval(0.5, 0.85))),
    0.08,
    Interval(0.01, 0.15),
)
DIAGNOSIS = Diagnosis(
    replace(EVALUATION, accuracy=0.654), DataIssues((SUSPECT,), (), (), (), checked=3), CURVE
)
VOID = {"meta", "rect", "path", "circle"}


def render(
    card: ModelCard = CARD,
    evaluation: Evaluation = EVALUATION,
    answers: LabelledPredictions = ANSWERS,
    diagnosis: Diagnosis = DIAGNOSIS,
) -> str:
    return render_report(card, evaluation, answers, diagnosis)


class Page(HTMLParser):
    """Checks that each element is closed, and collects texts and references."""

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
    return Page(render())


def test_numbers_are_shown(page):
    """The results of the test are at the top, each with its interval."""
    for shown in ("75.0%", "70.0%", "0.123", "5.0%", "80.0%", "60.0%", "0.900", "50.0%"):
        assert shown in page.text
    for interval in ("30.1% to 95.4%", "0.021 to 0.321", "31.0% to 83.0%", "0.710 to 0.990"):
        assert interval in page.text


def test_doubtful_labels_are_listed_with_their_place(page):
    """Recommendations name file and line, and escape the utterance."""
    assert ["<script>hi</script>", "train.csv:7", "greet", "<b>", "0.91"] in page.rows


def test_intents_are_listed_the_weakest_first(page):
    """The intents are sorted by F1, and confusions are listed."""
    weakest, other = (row for row in page.rows if row[-1] == "2")

    assert weakest == ["greet", "66.7%", "17% to 95%", "100.0%", "50.0%", "2"]
    assert other[0] == "<b>"
    assert ["greet", "<b>", "hi", "1"] in page.rows


def test_nothing_is_loaded_from_outside():
    """The report is one file that works without a network."""
    content = render()

    assert all(reference.startswith("#") for reference in Page(content).references)
    assert not re.search(r"https?:|url\(|@import", content)


def test_reliability_has_a_point_for_each_bin_in_use():
    """One confidence is 0.275; those of the other texts, in and out of scope, are above 0.9."""
    content = render()

    assert content.partition("Confidence and rejection</h2>")[2].count('class="dot"') == 2


def test_reliability_without_out_of_scope_texts_is_that_of_known_intents():
    """Confidences of 0.95 and more, and one of 0.55, lead to two points."""
    content = render(answers=WITHOUT_OUT_OF_SCOPE)

    assert content.partition("Confidence and rejection</h2>")[2].count('class="dot"') == 2


def test_cells_of_the_matrix_have_tooltips():
    """The tooltip of a cell names its row, column and share."""
    content = render()

    assert "greet predicted as &lt;b&gt;: 50%" in content
    assert "greet predicted as greet: 50%" in content


def test_without_out_of_scope_texts_there_is_no_trade_off():
    """The plot is absent without out-of-scope texts."""
    evaluation = replace(EVALUATION, out_of_scope_recall=None, out_of_scope_auroc=None)

    content = render(evaluation=evaluation, answers=WITHOUT_OUT_OF_SCOPE)

    assert "Shares of out-of-scope texts" not in content


def test_model_without_threshold_has_no_mark():
    """The curve is drawn without a mark."""
    marked = render()
    unmarked = render(replace(CARD, threshold=None))

    assert 'class="mark"' in marked
    assert 'class="mark"' not in unmarked


def test_mark_outside_the_plot_is_not_drawn():
    """The mark of a model that rejects half of the good messages is not drawn."""
    assert 'class="mark"' not in render(replace(CARD, threshold=0.98))


def test_sections_are_linked_at_the_top(page):
    """The page links to each section; the recommendations come first."""
    assert [f"#s{number}" for number in range(1, 7)] == page.references
    assert page.text.index("What to improve first") < page.text.index("More data?")


def test_cross_validated_results_are_shown(page):
    """The results of cross-validation on all training utterances are shown."""
    assert "training utterances: accuracy 65.4% (30.1% to 95.4%); macro-F1" in page.text


def test_learning_curve_stands_with_its_verdict(page):
    """The curve shows measured and expected sizes next to the verdict."""
    assert CURVE.verdict in page.text
    assert all(size in page.text for size in ("6", "12", "24"))
    assert render().count('class="hollow"') == 1


def test_checked_labels_are_counted(page):
    """The report says how many places were checked on the desk, and how to see all others."""
    assert "3 that were checked there are left out here." in page.text
    assert "python -m model.desk" in page.text
    assert "that were checked" not in render(
        diagnosis=replace(DIAGNOSIS, issues=DataIssues((), (), (), ()))
    )


def test_list_of_doubtful_labels_is_limited():
    """Most confident mistakes are listed; the number of the others is given."""
    suspects = tuple(
        replace(SUSPECT, example=replace(SUSPECT.example, line=line)) for line in range(60)
    )
    issues = DataIssues(suspects, (), (), ())

    page = Page(render(diagnosis=replace(DIAGNOSIS, issues=issues)))

    assert sum("<b>" in row and "0.91" in row for row in page.rows) == MAX_RECOMMENDED
    assert "10 more are not listed here: the desk shows all." in page.text
    assert "(60)" in page.text


def test_metrics_are_explained(page):
    """Each result has the name that the literature uses, and its meaning."""
    assert "false rejection rate" in page.text
    assert "share of in-scope messages that are taken for out of scope" in page.text


INTERVAL = {"low": 0.01, "high": 0.13}
ACT_CURVE = [
    {"confidence": 0.0, "acted": 1.0, "errors": 0.1, "interval": INTERVAL},
    {"confidence": 0.5, "acted": 0.6, "errors": 0.05, "interval": INTERVAL},
    {"confidence": 0.999, "acted": 0.0, "errors": 0.0, "interval": {"low": 0.0, "high": 1.0}},
]


@pytest.mark.parametrize(
    ("act_above", "marks"),
    [
        pytest.param(None, 1, id="none-chosen"),
        pytest.param(0.4, 2, id="chosen"),
        pytest.param(0.9, 1, id="beyond-the-curve"),
    ],
)
def test_act_curve_is_drawn(act_above, marks):
    """The curve has each confidence that acts on a message, and the model's own is marked."""
    card = replace(CARD, training={"act_curve": ACT_CURVE}, act_above=act_above)

    content = render(card)

    section = content.partition("When to act</h2>")[2].partition("<h2")[0]
    assert section.count('class="dot"') == 2
    assert content.count('class="mark"') == marks
    assert ">15%<" in section


def test_model_without_act_curve_has_no_chart(page):
    """A card of an earlier version has no curve."""
    assert "trained without the measurement" in page.text


def test_sound_data_is_reported():
    """Without issues, the report says so."""
    sound = replace(DIAGNOSIS, issues=DataIssues((), (), (), ()))

    assert "No issue was found in the data." in render(diagnosis=sound)


def test_model_that_is_always_right_has_no_confusions():
    """Without mistakes, there is no table of confusions."""
    perfect = replace(EVALUATION, confusions=())

    assert "The test has no mistake." in render(evaluation=perfect)


def test_large_matrix_is_folded_away():
    """For many intents, the matrix of the most confused ones is visible, the whole one folded."""
    names = [f"intent {number}" for number in range(50)]
    many = replace(
        EVALUATION,
        intents=tuple(replace(EVALUATION.intents[0], intent=name) for name in names),
        confusions=(Confusion("intent 1", "intent 2", 1),),
    )
    answers = replace(
        ANSWERS,
        examples=(Example("hi", "intent 1", Path("test.csv"), 2),),
        predicted=("intent 2",),
        confidences=np.array([0.5]),
        in_scope=np.array([2.0]),
    )

    content = render(evaluation=many, answers=answers)

    assert content.count('class="matrix"') == 2
    assert "<details><summary>All intents</summary>" in content
    assert Page(content).rows[-1] == ["intent 1", "intent 2", "hi", "1"]


@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1200], ids=["phone", "desktop"])
def test_report_is_accessible(browser, small_folder, width, scheme):
    """There is no violation of axe's rules with all unfolded, and no overflow of the screen."""
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, offline=True
    )
    page = context.new_page()
    page.goto((small_folder / REPORT_NAME).as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    found = Axe().run(page)
    sticking_out = page.evaluate("document.documentElement.scrollWidth") - width
    context.close()

    assert found.violations_count == 0, found.generate_report()
    assert sticking_out <= 0
