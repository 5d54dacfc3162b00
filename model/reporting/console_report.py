"""Reports on a test and on the training data, for the terminal."""

from __future__ import annotations

from textwrap import shorten

from rich.console import Console
from rich.table import Table

from model.evaluation.confidence_intervals import Interval
from model.evaluation.diagnosis import Diagnosis
from model.evaluation.labelled_predictions import LabelledPredictions
from model.evaluation.metric_rows import shown_results
from model.evaluation.metrics import Evaluation
from model.evaluation.recommendations import place_of, recommend

MAX_CONFUSIONS = 10
MAX_INTENTS = 15
MAX_RESULTS = 3
MAX_PLACES = 3
MAX_EXAMPLE = 60
MAX_SENTENCE = 220
SHARES = ("precision", "recall", "f1")


def print_evaluation(
    console: Console,
    evaluation: Evaluation,
    predictions: LabelledPredictions,
    *,
    max_intents: int | None = None,
) -> None:
    """Print the scores of the intents, the weakest first, the worst confusions, and the results.

    No more than ``max_intents`` intents are printed; all by default.
    """
    _print_intents(console, evaluation, max_intents or len(evaluation.intents))
    if evaluation.confusions:
        _print_confusions(console, evaluation, predictions)
    results = Table("result", title="Test results", title_justify="left")
    for name in ("value", "95 % interval"):
        results.add_column(name, justify="right")
    for result in shown_results(evaluation):
        results.add_row(result.name, f"{result.value:.4f}", f"{result.interval:.4f}")
    console.print(results)


def print_diagnosis(console: Console, diagnosis: Diagnosis) -> None:
    """Print the results of cross-validation, recommendations, and whether more data would help."""
    shown = ", ".join(
        f"{result.name} {result.value:.4f} ({result.interval:.4f})"
        for result in shown_results(diagnosis.results)[:MAX_RESULTS]
    )
    console.print(f"Cross-validated on the training utterances: {shown}")
    recommendations = recommend(diagnosis.issues)
    if recommendations:
        console.print("What to improve first (report.html lists all of it):")
    for number, each in enumerate(recommendations, start=1):
        console.print(f"{number}. {each.title}: {len(each.places)}")
        for place in each.places[:MAX_PLACES]:
            console.print(f"   {shorten(place.sentence, MAX_SENTENCE, placeholder='…')}")
    console.print(diagnosis.curve.verdict)


def _print_intents(console: Console, evaluation: Evaluation, count: int) -> None:
    title = "Intents, the weakest first: shares in %, with 95 % confidence intervals"
    table = Table("intent", title=title, title_justify="left")
    for name in (*SHARES, "tests"):
        table.add_column(name, justify="right")
    for score in evaluation.weakest_first[:count]:
        shares = (_percent(getattr(score, name), score.intervals[name]) for name in SHARES)
        table.add_row(score.intent, *shares, str(score.support))
    console.print(table)
    if others := evaluation.weakest_first[count:]:
        console.print(f"and {len(others)} more, with an F1 of {others[0].f1:.1%} or better")


def _print_confusions(
    console: Console, evaluation: Evaluation, predictions: LabelledPredictions
) -> None:
    table = Table("intent", "mistaken for", title="Worst confusions", title_justify="left")
    table.add_column("tests", justify="right")
    table.add_column("example")
    for each in evaluation.confusions[:MAX_CONFUSIONS]:
        example = predictions.confused(each.intent, each.taken_for)[0]
        shown = f"{place_of(example)} {shortened(example.text)}"
        table.add_row(each.intent, each.taken_for, str(each.count), shown)
    console.print(table)


def shortened(text: str) -> str:
    """Return a text that fits into a cell of a table."""
    return shorten(text, MAX_EXAMPLE, placeholder="…")


def _percent(share: float, interval: Interval) -> str:
    return f"{100 * share:.1f} ({100 * interval.low:.0f}-{100 * interval.high:.0f})"
