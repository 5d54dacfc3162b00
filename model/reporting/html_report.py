"""The report of a training: one HTML file for people, without anything from outside."""

from __future__ import annotations

from html import escape

import numpy as np

from model.evaluation.confidence_intervals import Interval, wilson
from model.evaluation.data_issues import DataIssues
from model.evaluation.diagnosis import Diagnosis
from model.evaluation.labelled_predictions import LabelledPredictions
from model.evaluation.learning_curve import LearningCurve
from model.evaluation.metric_rows import Result, shown_results
from model.evaluation.metrics import Evaluation, IntentScore
from model.evaluation.recommendations import steps
from model.inference.model_card import ModelCard
from model.reporting.charts import Dot, Shares, growth, reliability, trade_off
from model.reporting.confusion_matrix import confusion_matrices
from model.reporting.html import Html, Section, figure, folded, page, paragraph, table, wide

BINS = 10
MAX_REJECTED = 0.2


def render_report(
    card: ModelCard, evaluation: Evaluation, answers: LabelledPredictions, diagnosis: Diagnosis
) -> str:
    """Render the report.

    Args:
        card: of the model.
        evaluation: results of its test.
        answers: the single ones behind them.
        diagnosis: of the training data.
    """
    tested = (
        f"{len(card.labels)} intents, tested on {len(answers.examples)} utterances that it was not "
        f"trained on. Model {card.model_sha256[:12]}."
    )
    sections = (
        Section("What to mend first", _to_mend(diagnosis.findings)),
        Section("More data or not?", _growth(diagnosis.curve)),
        Section("How far to trust it", _trust(card, answers)),
        Section("Intents, the weakest first", _intents(evaluation)),
        Section("What is taken for what", _confusions(evaluation, answers)),
    )
    numbers = _numbers(evaluation) + _cross_validated(diagnosis.results)
    return page("Intent model", f"{paragraph(tested, 'soft')}{numbers}", sections)


def _numbers(evaluation: Evaluation) -> str:
    items = "".join(
        f"<li><b>{result.value:{result.form}}</b>{escape(result.name)}"
        f"<small>{_range(result.interval, result.form)}</small></li>"
        for result in shown_results(evaluation)
    )
    return f"<ul class='numbers'>{items}</ul>"


def _cross_validated(results: Evaluation) -> str:
    shown = "; ".join(map(_in_words, shown_results(results)[:3]))
    note = (
        "Below each number stands its 95 % confidence interval. The same by cross-validation on "
        f"all training utterances: {shown}."
    )
    return paragraph(note, "soft")


def _in_words(result: Result) -> str:
    interval = _range(result.interval, result.form)
    return f"{result.name} {result.value:{result.form}} ({interval})"


def _range(interval: Interval, form: str) -> str:
    return f"{interval.low:{form}} to {interval.high:{form}}"


def _to_mend(findings: DataIssues) -> str:
    numbered = "".join(
        f"<h3>{number}. {escape(step.title)} ({len(step.rows)})</h3>{paragraph(step.note)}"
        f"{table(step.header, step.rows, numbers=step.numbers)}"
        for number, step in enumerate(steps(findings), start=1)
    )
    nothing = paragraph("Nothing was found that would have to be mended.")
    return numbered or nothing


def _growth(curve: LearningCurve) -> str:
    dots = [Dot(each.utterances, each.accuracy, each.interval, 1) for each in curve.points]
    last = curve.points[-1]
    expected = Interval(last.accuracy + curve.interval.low, last.accuracy + curve.interval.high)
    following = Dot(2 * last.utterances, last.accuracy + curve.next_gain, expected, 1)
    caption = (
        "Accuracy on held-out folds after learning from an eighth, a quarter, half and all of the "
        "others; hollow: what twice as many should give if errors go on falling as they did."
    )
    return (
        f"{paragraph(curve.verdict, 'verdict')}"
        f"<div class='plots'>{figure(growth(dots, following), caption)}</div>"
    )


def _trust(card: ModelCard, answers: LabelledPredictions) -> str:
    plots = figure(
        reliability(_bins(answers)),
        "Of all answers with a confidence of 0.8, eight in ten should be right: honest confidence "
        "lies on the dashed line. The larger a dot, the more answers.",
    )
    if len(answers.out_of_scope):
        thresholds = np.quantile(answers.in_scope, np.linspace(0, 1, 201))
        mark = None if card.threshold is None else _rejected(answers, card.threshold)
        points = [_rejected(answers, threshold) for threshold in thresholds]
        plots += figure(
            trade_off(points, mark=mark, most=MAX_REJECTED),
            "How many out-of-scope texts another threshold would find, and how many good messages "
            "it would reject; the mark is this model's. INTENT_THRESHOLD moves it.",
        )
    return f"<div class='plots'>{plots}</div>"


def _bins(answers: LabelledPredictions) -> list[Dot]:
    bins = np.minimum((answers.confidences * BINS).astype(int), BINS - 1)
    members = [(bins == number).nonzero()[0] for number in np.unique(bins)]
    return [_bin(answers, places) for places in members]


def _bin(answers: LabelledPredictions, places: np.ndarray) -> Dot:
    share, cases = float(answers.is_right[places].mean()), len(places)
    return Dot(float(answers.confidences[places].mean()), share, wilson(share, cases), cases)


def _rejected(answers: LabelledPredictions, threshold: float) -> Shares:
    return float((answers.in_scope < threshold).mean()), float(
        (answers.out_of_scope < threshold).mean()
    )


def _intents(evaluation: Evaluation) -> str:
    weakest_first = sorted(evaluation.intents, key=lambda each: each.f1)
    header = ("intent", "F1", "value", "95 % interval", "precision", "recall", "tests")
    rows = [_intent(each) for each in weakest_first]
    note = (
        "F1 is high where an intent's utterances are found (recall) and nothing else is taken for "
        "it (precision). Few tests make a wide interval: look at that before you work on an intent."
    )
    return f"{paragraph(note)}{table(header, rows, numbers=5)}"


def _intent(score: IntentScore) -> tuple[str, ...]:
    bar = Html(
        f'<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect width="100" height="8"/><rect class="share" width="{100 * score.f1:.1f}" '
        'height="8"/></svg>'
    )
    shares = (f"{share:.1%}" for share in (score.precision, score.recall))
    interval = _range(score.intervals["f1"], ".0%")
    return (score.intent, bar, f"{score.f1:.1%}", interval, *shares, str(score.support))


def _confusions(evaluation: Evaluation, answers: LabelledPredictions) -> str:
    header = ("intent", "taken for", "such as", "tests")
    rows = [
        (
            each.intent,
            each.taken_for,
            answers.confused(each.intent, each.taken_for)[0].text,
            str(each.count),
        )
        for each in evaluation.confusions
    ]
    note = (
        "Rows are what test utterances are labelled, columns what they were taken for. Intents "
        "that are confused stand side by side; point at a cell to read it."
    )
    first, *others = map(wide, confusion_matrices(evaluation))
    all_intents = "".join(folded("All intents", each) for each in others)
    confused = table(header, rows, numbers=1) if rows else paragraph("No mistake in this test.")
    return f"{confused}{paragraph(note)}{first}{all_intents}"
