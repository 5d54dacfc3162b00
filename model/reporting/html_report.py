"""Report on a training as one self-contained HTML file."""

from __future__ import annotations

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from numpy.typing import NDArray

from model.evaluation.confidence_intervals import Interval, wilson
from model.evaluation.diagnosis import Diagnosis
from model.evaluation.labelled_predictions import LabelledPredictions
from model.evaluation.learning_curve import LearningCurve
from model.evaluation.metric_rows import shown_results
from model.evaluation.metrics import Evaluation, IntentScore
from model.evaluation.recommendations import recommend
from model.inference.model_card import ModelCard
from model.learning.linear_model import Floats
from model.reporting.charts import LEVELS, Dot, Shares, act_error, growth, reliability, trade_off
from model.reporting.confusion_matrix import confusion_matrices

BINS = 10
MAX_REJECTED = 0.2
MAX_ROWS = 10  # rows of a table that are not folded
MAX_HIDDEN_ROWS = 500
MAX_RECOMMENDED = 50  # places of a recommendation: nobody works through more of them in a report


def render_report(
    card: ModelCard, evaluation: Evaluation, predictions: LabelledPredictions, diagnosis: Diagnosis
) -> str:
    """Return the report on a model and its training data as HTML."""
    return (
        templates()
        .get_template("report.html.jinja")
        .render(
            card=card,
            predictions=predictions,
            results=shown_results(evaluation),
            cross_validated=shown_results(diagnosis.results)[:3],
            recommendations=recommend(diagnosis.issues),
            checked=diagnosis.issues.checked,
            max_recommended=MAX_RECOMMENDED,
            levels=LEVELS,
            verdict=diagnosis.curve.verdict,
            growth=_growth(diagnosis.curve),
            reliability=reliability(_bins(predictions)),
            trade_off=_trade_off(card, predictions),
            act_error=_act_error(card),
            intents=[_intent(score) for score in evaluation.weakest_first],
            confusions=_confusions(evaluation, predictions),
            matrices=confusion_matrices(evaluation),
        )
    )


def templates() -> Environment:
    """Return the environment of the report's templates, which escapes all texts."""
    environment = Environment(
        loader=PackageLoader(__package__, ""),
        autoescape=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"number": format}
    environment.globals |= {"max_rows": MAX_ROWS, "max_hidden_rows": MAX_HIDDEN_ROWS}
    return environment


def _growth(curve: LearningCurve) -> str:
    dots = [Dot(each.utterances, each.accuracy, each.interval, 1) for each in curve.points]
    last = curve.points[-1]
    expected = Interval(last.accuracy + curve.interval.low, last.accuracy + curve.interval.high)
    return growth(dots, Dot(2 * last.utterances, last.accuracy + curve.next_gain, expected, 1))


def _trade_off(card: ModelCard, predictions: LabelledPredictions) -> str | None:
    if not len(predictions.out_of_scope):
        return None
    thresholds = np.quantile(predictions.in_scope, np.linspace(0, 1, 201))
    mark = None if card.threshold is None else _rejected(predictions, card.threshold)
    points = [_rejected(predictions, threshold) for threshold in thresholds]
    return trade_off(points, mark=mark, limit=MAX_REJECTED)


def _act_error(card: ModelCard) -> str | None:
    points = [each for each in card.training.get("act_curve", ()) if each["acted"]]
    if not points:
        return None
    dots = [Dot(each["acted"], each["errors"], Interval(**each["interval"]), 1) for each in points]
    acted_on = (
        (each["acted"], each["errors"])
        for each in points
        if card.act_above is not None and each["confidence"] >= card.act_above
    )
    return act_error(dots, mark=next(acted_on, None))


def _bins(predictions: LabelledPredictions) -> list[Dot]:
    confidences, is_right = predictions.outcomes
    if not len(predictions.out_of_scope):
        confidences, is_right = predictions.confidences, predictions.is_right
    bins = np.minimum((confidences * BINS).astype(int), BINS - 1)
    members = [(bins == number).nonzero()[0] for number in np.unique(bins)]
    return [_bin(confidences[places], is_right[places]) for places in members]


def _bin(confidences: Floats, is_right: NDArray[np.bool_]) -> Dot:
    share, cases = float(is_right.mean()), len(is_right)
    return Dot(float(confidences.mean()), share, wilson(share, cases), cases)


def _rejected(predictions: LabelledPredictions, threshold: float) -> Shares:
    inside, outside = predictions.in_scope, predictions.out_of_scope
    return float((inside < threshold).mean()), float((outside < threshold).mean())


def _intent(score: IntentScore) -> tuple[str, ...]:
    bar = Markup(
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect width="100" height="8"/><rect class="share" width="{:.1f}" height="8"/></svg>'
    ).format(100 * score.f1)
    shares = (f"{share:.1%}" for share in (score.precision, score.recall))
    f1 = (f"{score.f1:.1%}", f"{score.intervals['f1']:.0%}")
    return (score.intent, bar, *f1, *shares, str(score.support))


def _confusions(
    evaluation: Evaluation, predictions: LabelledPredictions
) -> list[tuple[str, str, str, int]]:
    return [
        (
            each.intent,
            each.taken_for,
            predictions.confused(each.intent, each.taken_for)[0].text,
            each.count,
        )
        for each in evaluation.confusions
    ]
