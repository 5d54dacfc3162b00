"""What the commands print."""

from __future__ import annotations

from textwrap import shorten

from rich.console import Console
from rich.table import Table

from model.evaluation.confidence_intervals import Interval
from model.evaluation.diagnosis import Diagnosis
from model.evaluation.labelled_predictions import LabelledPredictions
from model.evaluation.metric_rows import shown_results
from model.evaluation.metrics import Evaluation
from model.evaluation.recommendations import steps

MAX_CONFUSIONS = 10
MAX_INTENTS = 15
MAX_RESULTS = 3
MAX_OF_A_STEP = 3
MAX_EXAMPLE = 60
MAX_SENTENCE = 220
SHARES = ("precision", "recall", "f1")


def print_evaluation(
    console: Console,
    evaluation: Evaluation,
    answers: LabelledPredictions,
    *,
    max_intents: int | None = None,
) -> None:
    """Print scores of each intent, the weakest first, the worst confusions, and the results.

    Args:
        console: where to.
        evaluation: the results.
        answers: those behind them.
        max_intents: how many are shown; all unless given.
    """
    _print_intents(console, evaluation, max_intents or len(evaluation.intents))
    if evaluation.confusions:
        _print_confusions(console, evaluation, answers)
    results = Table("result", title="Test results", title_justify="left")
    for name in ("value", "95 % interval"):
        results.add_column(name, justify="right")
    for result in shown_results(evaluation):
        results.add_row(result.name, f"{result.value:.4f}", _range(result.interval))
    console.print(results)


def print_diagnosis(console: Console, diagnosis: Diagnosis) -> None:
    """Print what cross-validation found, what to mend first, and whether more data would help."""
    shown = ", ".join(
        f"{result.name} {result.value:.4f} ({_range(result.interval)})"
        for result in shown_results(diagnosis.results)[:MAX_RESULTS]
    )
    console.print(f"Cross-validated on the training utterances: {shown}")
    to_do = steps(diagnosis.findings)
    if to_do:
        console.print("What to mend first; report.html has all of it:")
    for number, step in enumerate(to_do, start=1):
        console.print(f"{number}. {step.title}: {len(step.rows)}")
        for sentence in step.sentences[:MAX_OF_A_STEP]:
            console.print(f"   {shorten(sentence, MAX_SENTENCE, placeholder='…')}")
    console.print(diagnosis.curve.verdict)


def _print_intents(console: Console, evaluation: Evaluation, most: int) -> None:
    title = "Intents, the weakest first: shares in %, with 95 % confidence intervals"
    table = Table("intent", title=title, title_justify="left")
    for name in (*SHARES, "tests"):
        table.add_column(name, justify="right")
    weakest_first = sorted(evaluation.intents, key=lambda each: each.f1)
    for score in weakest_first[:most]:
        shares = (_percent(getattr(score, name), score.intervals[name]) for name in SHARES)
        table.add_row(score.intent, *shares, str(score.support))
    console.print(table)
    if most < len(weakest_first):
        better = weakest_first[most].f1
        console.print(
            f"and {len(weakest_first) - most} more, with an F1 of {better:.1%} and better"
        )


def _print_confusions(
    console: Console, evaluation: Evaluation, answers: LabelledPredictions
) -> None:
    table = Table("intent", "taken for", title="Worst confusions", title_justify="left")
    table.add_column("tests", justify="right")
    table.add_column("such as")
    for each in evaluation.confusions[:MAX_CONFUSIONS]:
        example = answers.confused(each.intent, each.taken_for)[0]
        place = f"{example.file.name}:{example.line}"
        cells = (str(each.count), f"{place} {shortened(example.text)}")
        table.add_row(each.intent, each.taken_for, *cells)
    console.print(table)


def shortened(text: str) -> str:
    """Give a text that fits into a row of a table."""
    return shorten(text, MAX_EXAMPLE, placeholder="…")


def _range(interval: Interval) -> str:
    return f"{interval.low:.4f} to {interval.high:.4f}"


def _percent(share: float, interval: Interval) -> str:
    return f"{100 * share:.1f} ({100 * interval.low:.0f}-{100 * interval.high:.0f})"
