"""The report of a training: one HTML file for people, without anything from outside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

import numpy as np

from model.answers import Answers
from model.evaluation import Evaluation
from model.findings import Suspect
from model.model_card import ModelCard
from model.plots import Point, curve, matrix
from model.results import Result, shown_results

BINS = 10
MOST_ROWS = 25
STYLE = """
:root { color-scheme: light dark; --ink: #1c2733; --paper: #fff; --soft: #8594a4; --line: #d9e0e7;
  --good: #1769aa; --bad: #c2410c }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e3e9ef; --paper: #12181f; --line: #2e3943; --good: #64b5f6; --bad: #fb923c } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 70rem; margin: 2rem auto; padding: 0 1rem }
h1, h2 { line-height: 1.2 } h2 { margin-top: 2.5rem }
.numbers { display: flex; flex-wrap: wrap; gap: 1rem; padding: 0; list-style: none }
.numbers li { border: 1px solid var(--line); border-radius: .5rem; padding: .5rem 1rem }
.numbers b { display: block; font-size: 1.6rem }
.plots { display: flex; flex-wrap: wrap; gap: 2rem } figure { margin: 0; flex: 1 1 18rem }
.plot { max-width: 26rem; width: 100% } .matrix { width: 100% }
figcaption { color: var(--soft) }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; padding: .2rem .6rem; border-bottom: 1px solid var(--line) }
td.bar { width: 40% } .bar div { background: var(--good); height: .8rem }
.grid, .frame { stroke: var(--line); fill: none }
.equal { stroke: var(--soft); stroke-dasharray: 4 }
.line { fill: none; stroke: var(--good); stroke-width: 2 } .dot, .right { fill: var(--good) }
.mark, .wrong { fill: var(--bad) } text { fill: var(--ink); font-size: 10px }
.axis { text-anchor: middle } .row { text-anchor: end } .matrix text { font-size: 9px }
"""


def render_report(
    card: ModelCard, evaluation: Evaluation, answers: Answers, suspects: Sequence[Suspect]
) -> str:
    """Render the report.

    Args:
        card: of the model.
        evaluation: results of its test.
        answers: the single ones behind them.
        suspects: training utterances whose labels are doubtful, the worst first.
    """
    sections = (
        _numbers(evaluation),
        f"<h2>How sure, how right</h2><div class='plots'>{_plots(card, answers)}</div>",
        _to_mend(evaluation, suspects),
        f"<h2>Intents, the weakest first</h2>{_intents(evaluation)}",
        f"<h2>What is taken for what</h2>{_confusion_matrix(evaluation)}",
    )
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Intent model</title><style>{STYLE}</style></head><body>"
        f"<h1>Intent model</h1><p>{len(card.labels)} intents. "
        f"Model <code>{escape(card.model_sha256[:12])}</code>.</p>{''.join(sections)}</body></html>"
    )


def _numbers(evaluation: Evaluation) -> str:
    items = "".join(
        f"<li><b>{result.value:{result.form}}</b>{escape(result.name)}"
        f"<small>{_range(result)}</small></li>"
        for result in shown_results(evaluation)
    )
    return f"<ul class='numbers'>{items}</ul>"


def _range(result: Result) -> str:
    return f"{result.interval.low:{result.form}} to {result.interval.high:{result.form}}"


def _to_mend(evaluation: Evaluation, suspects: Sequence[Suspect]) -> str:
    doubtful = _table(
        ("utterance", "where", "labelled", "more likely", "confidence"),
        (
            (
                each.example.text,
                f"{each.example.file.name}:{each.example.line}",
                each.example.intent,
                each.likely,
                f"{each.confidence:.2f}",
            )
            for each in suspects[:MOST_ROWS]
        ),
    )
    confused = _table(
        ("intent", "taken for", "test utterances"),
        ((each.intent, each.taken_for, str(each.count)) for each in evaluation.confusions[:10]),
    )
    return (
        "<h2>What to mend first</h2>"
        f"<h3>Labels that are most likely wrong ({len(suspects)})</h3>"
        "<p>A model that had not seen the utterance is sure of another intent. Either the label is "
        f"wrong, or the two intents are not told apart by what people write.</p>{doubtful}"
        f"<h3>Intents that are confused most</h3>{confused}"
    )


def _plots(card: ModelCard, answers: Answers) -> str:
    return _reliability(answers) + (_trade_off(card, answers) if len(answers.out_of_scope) else "")


def _reliability(answers: Answers) -> str:
    bins = np.minimum((answers.confidences * BINS).astype(int), BINS - 1)
    points: list[Point] = [
        (
            float(answers.confidences[bins == number].mean()),
            float(answers.is_right[bins == number].mean()),
        )
        for number in np.unique(bins)
    ]
    plot = curve(points, x="confidence", y="share that is right", diagonal=True)
    return (
        f"<figure>{plot}<figcaption>Honest confidence lies on the diagonal.</figcaption></figure>"
    )


def _trade_off(card: ModelCard, answers: Answers) -> str:
    thresholds = np.quantile(answers.in_scope, np.linspace(0, 1, 101))
    points = [_rejected(answers, threshold) for threshold in thresholds]
    mark = None if card.threshold is None else _rejected(answers, card.threshold)
    plot = curve(points, x="good messages rejected", y="out-of-scope texts found", mark=mark)
    caption = "What another threshold would find, and cost; the mark is this model's."
    return f"<figure>{plot}<figcaption>{caption}</figcaption></figure>"


def _rejected(answers: Answers, threshold: float) -> Point:
    return float((answers.in_scope < threshold).mean()), float(
        (answers.out_of_scope < threshold).mean()
    )


def _intents(evaluation: Evaluation) -> str:
    weakest_first = sorted(evaluation.intents, key=lambda each: each.f1)
    rows = "".join(
        f"<tr><td>{escape(each.intent)}</td><td>{each.f1:.3f}</td>"
        f'<td class="bar"><div style="width:{each.f1:.1%}"></div></td>'
        f"<td>{each.precision:.3f}</td><td>{each.recall:.3f}</td><td>{each.support}</td></tr>"
        for each in weakest_first
    )
    names = ("intent", "F1", "", "precision", "recall", "utterances")
    return f"<table><tr>{''.join(f'<th>{name}</th>' for name in names)}</tr>{rows}</table>"


def _confusion_matrix(evaluation: Evaluation) -> str:
    supports = {each.intent: each.support for each in evaluation.intents}
    shares = {(each.intent, each.intent): each.recall for each in evaluation.intents}
    shares |= {
        (each.intent, each.taken_for): each.count / supports[each.intent]
        for each in evaluation.confusions
    }
    labels = sorted({label for pair in shares for label in pair})
    return matrix(labels, shares)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"
