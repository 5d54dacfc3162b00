"""Report on a training as one self-contained HTML file."""

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
from model.evaluation.recommendations import recommend
from model.inference.model_card import ModelCard
from model.reporting.charts import Dot, Shares, growth, reliability, trade_off
from model.reporting.confusion_matrix import confusion_matrices
from model.reporting.html import Html, Section, figure, folded, page, paragraph, table, wide

BINS = 10
MAX_REJECTED = 0.2


def render_report(
    card: ModelCard, evaluation: Evaluation, predictions: LabelledPredictions, diagnosis: Diagnosis
) -> str:
    """Return the report as HTML.

    Args:
        card: the model card.
        evaluation: results of the test.
        predictions: the predictions that the results describe.
        diagnosis: diagnosis of the training data.
    """
    tested = (
        f"{len(card.labels)} intents, tested on {len(predictions.examples)} utterances that the "
        f"model was not trained on. Model {card.model_sha256[:12]}."
    )
    sections = (
        Section("What to improve first", _recommendations(diagnosis.issues)),
        Section("More data?", _growth(diagnosis.curve)),
        Section("Confidence and rejection", _trust(card, predictions)),
        Section("Intents, the weakest first", _intents(evaluation)),
        Section("Confusions", _confusions(evaluation, predictions)),
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
        "Below each number is its 95 % confidence interval. Cross-validation on all training "
        f"utterances: {shown}."
    )
    return paragraph(note, "soft")


def _in_words(result: Result) -> str:
    interval = _range(result.interval, result.form)
    return f"{result.name} {result.value:{result.form}} ({interval})"


def _range(interval: Interval, form: str) -> str:
    return f"{interval.low:{form}} to {interval.high:{form}}"


def _recommendations(issues: DataIssues) -> str:
    numbered = "".join(
        f"<h3>{number}. {escape(each.title)} ({len(each.places)})</h3>{paragraph(each.note)}"
        f"{table(each.header, [place.cells for place in each.places], numbers=each.numbers)}"
        for number, each in enumerate(recommend(issues), start=1)
    )
    return numbered or paragraph("No issue was found in the data.")


def _growth(curve: LearningCurve) -> str:
    dots = [Dot(each.utterances, each.accuracy, each.interval, 1) for each in curve.points]
    last = curve.points[-1]
    expected = Interval(last.accuracy + curve.interval.low, last.accuracy + curve.interval.high)
    following = Dot(2 * last.utterances, last.accuracy + curve.next_gain, expected, 1)
    caption = (
        "Accuracy on held-out folds after training on an eighth, a quarter, half and all of the "
        "other folds. The hollow dot extrapolates the fall of errors to twice as many utterances."
    )
    return (
        f"{paragraph(curve.verdict, 'verdict')}"
        f"<div class='plots'>{figure(growth(dots, following), caption)}</div>"
    )


def _trust(card: ModelCard, predictions: LabelledPredictions) -> str:
    plots = figure(
        reliability(_bins(predictions)),
        "Of all predictions with a confidence of 0.8, eight in ten should be right: calibrated "
        "confidence lies on the dashed line. Larger dots stand for more predictions.",
    )
    if len(predictions.out_of_scope):
        thresholds = np.quantile(predictions.in_scope, np.linspace(0, 1, 201))
        mark = None if card.threshold is None else _rejected(predictions, card.threshold)
        points = [_rejected(predictions, threshold) for threshold in thresholds]
        plots += figure(
            trade_off(points, mark=mark, limit=MAX_REJECTED),
            "Shares of out-of-scope texts found and of good messages rejected, for each threshold. "
            "The mark is the threshold of this model; INTENT_THRESHOLD sets another one.",
        )
    return f"<div class='plots'>{plots}</div>"


def _bins(predictions: LabelledPredictions) -> list[Dot]:
    bins = np.minimum((predictions.confidences * BINS).astype(int), BINS - 1)
    members = [(bins == number).nonzero()[0] for number in np.unique(bins)]
    return [_bin(predictions, places) for places in members]


def _bin(predictions: LabelledPredictions, places: np.ndarray) -> Dot:
    share, cases = float(predictions.is_right[places].mean()), len(places)
    return Dot(float(predictions.confidences[places].mean()), share, wilson(share, cases), cases)


def _rejected(predictions: LabelledPredictions, threshold: float) -> Shares:
    return float((predictions.in_scope < threshold).mean()), float(
        (predictions.out_of_scope < threshold).mean()
    )


def _intents(evaluation: Evaluation) -> str:
    header = ("intent", "F1", "value", "95 % interval", "precision", "recall", "tests")
    rows = [_intent(each) for each in evaluation.weakest_first]
    note = (
        "F1 is high if the model recognises an intent's utterances (recall) and mistakes no other "
        "utterance for them (precision). Few tests make a wide interval: check it before you work "
        "on an intent."
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


def _confusions(evaluation: Evaluation, predictions: LabelledPredictions) -> str:
    header = ("intent", "mistaken for", "example", "tests")
    rows = [
        (
            each.intent,
            each.taken_for,
            predictions.confused(each.intent, each.taken_for)[0].text,
            str(each.count),
        )
        for each in evaluation.confusions
    ]
    note = (
        "Rows are the labels of test utterances, columns the predicted intents. Confused intents "
        "are neighbours. Point at a cell to read its values."
    )
    first, *others = map(wide, confusion_matrices(evaluation))
    all_intents = "".join(folded("All intents", each) for each in others)
    confused = table(header, rows, numbers=1) if rows else paragraph("The test has no mistake.")
    return f"{confused}{paragraph(note)}{first}{all_intents}"
