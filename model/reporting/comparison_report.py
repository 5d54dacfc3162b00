"""Reports on a comparison of two models: for the terminal, as JSON, and as HTML."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from model.evaluation.comparison import Comparison
from model.reporting.console_report import shortened
from model.reporting.html_report import templates

MAX_CHANGES = 20
MAX_FLOWS = 10


def print_comparison(console: Console, comparison: Comparison) -> None:
    """Print the results, the intents between which utterances move, and the changed utterances."""
    results = Table("result", "before", "after", title="Comparison", title_justify="left")
    for row in _results(comparison):
        results.add_row(*row)
    console.print(results)
    if comparison.changes:
        _print_changes(console, comparison)


def to_fields(comparison: Comparison) -> dict[str, Any]:
    """Return the comparison as JSON."""
    accuracies = comparison.accuracies
    return {
        "utterances": len(comparison.texts),
        "changed": len(comparison.changes),
        "changed_share": comparison.changed_share,
        "accuracy": accuracies and [share for share, _ in accuracies],
        "p_value": comparison.p_value,
        "confidence_shift": comparison.confidence_shift,
        "changes": [
            {
                "text": change.text,
                "label": change.true,
                "before": change.before,
                "after": change.after,
                "confidences": change.confidences,
                "verdict": change.verdict,
            }
            for change in comparison.changes
        ],
    }


def render_comparison(comparison: Comparison, names: tuple[str, str]) -> str:
    """Return the comparison of models of these names as a page of HTML."""
    rows = [
        (change.text, change.true or "", change.before, change.after, change.verdict)
        for change in comparison.changes
    ]
    template = templates().get_template("comparison.html.jinja")
    return template.render(
        names=names,
        results=_results(comparison),
        changes=rows,
        flows=[(before, after, str(count)) for before, after, count in comparison.flows],
    )


def _results(comparison: Comparison) -> list[tuple[str, str, str]]:
    count, changed = len(comparison.texts), len(comparison.changes)
    rows = [
        ("utterances", str(count), ""),
        ("other intents", "", f"{changed} ({comparison.changed_share:.1%})"),
    ]
    if comparison.accuracies:
        before, after = (f"{share:.4f} ({ends:.4f})" for share, ends in comparison.accuracies)
        rows.append(("accuracy", before, after))
        rows.append(("p value (McNemar)", "", f"{comparison.p_value:.4f}"))
    low, middle, high = comparison.confidence_shift
    rows.append(("confidence, median change", "", f"{middle:+.3f} ({low:+.3f} to {high:+.3f})"))
    return rows


def _print_changes(console: Console, comparison: Comparison) -> None:
    flows = Table("before", "after", title="Intents that change", title_justify="left")
    flows.add_column("utterances", justify="right")
    for before, after, count in comparison.flows[:MAX_FLOWS]:
        flows.add_row(before, after, str(count))
    console.print(flows)
    changes = Table("utterance", "label", "before", "after", "", title_justify="left")
    changes.title = "Utterances with another intent"
    for change in comparison.changes[:MAX_CHANGES]:
        changes.add_row(
            shortened(change.text), change.true or "", change.before, change.after, change.verdict
        )
    console.print(changes)
    if len(comparison.changes) > MAX_CHANGES:
        console.print(f"and {len(comparison.changes) - MAX_CHANGES} more: --json has all")
