"""What the commands print."""

from __future__ import annotations

from textwrap import shorten

from rich.console import Console
from rich.table import Table

from model.answers import Answers
from model.evaluation import Evaluation
from model.intervals import Interval
from model.results import shown_results

MOST_CONFUSIONS = 10
LONGEST_EXAMPLE = 60
SHARES = ("precision", "recall", "f1")


def print_evaluation(console: Console, evaluation: Evaluation, answers: Answers) -> None:
    """Print scores of each intent, the worst confusions, and what they come to."""
    title = "Intents: shares in %, with 95 % confidence intervals"
    table = Table("intent", title=title, title_justify="left")
    for name in (*SHARES, "tests"):
        table.add_column(name, justify="right")
    for score in evaluation.intents:
        shares = (_percent(getattr(score, name), score.intervals[name]) for name in SHARES)
        table.add_row(score.intent, *shares, str(score.support))
    console.print(table)
    if evaluation.confusions:
        _print_confusions(console, evaluation, answers)
    results = Table("result", title="Test results", title_justify="left")
    for name in ("value", "95 % interval"):
        results.add_column(name, justify="right")
    for result in shown_results(evaluation):
        low_high = f"{result.interval.low:.4f} to {result.interval.high:.4f}"
        results.add_row(result.name, f"{result.value:.4f}", low_high)
    console.print(results)


def _print_confusions(console: Console, evaluation: Evaluation, answers: Answers) -> None:
    table = Table("intent", "taken for", title="Worst confusions", title_justify="left")
    table.add_column("tests", justify="right")
    table.add_column("such as")
    for each in evaluation.confusions[:MOST_CONFUSIONS]:
        example = answers.confused(each.intent, each.taken_for)[0].text
        table.add_row(each.intent, each.taken_for, str(each.count), shortened(example))
    console.print(table)


def shortened(text: str) -> str:
    """Give a text that fits into a row of a table."""
    return shorten(text, LONGEST_EXAMPLE, placeholder="…")


def _percent(share: float, interval: Interval) -> str:
    return f"{100 * share:.1f} ({100 * interval.low:.0f}-{100 * interval.high:.0f})"
