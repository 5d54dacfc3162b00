"""What the commands print."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from model.evaluation import Evaluation

MOST_CONFUSIONS = 10


def print_evaluation(console: Console, evaluation: Evaluation) -> None:
    """Print scores of each intent, the worst confusions, and what they come to."""
    table = Table("intent", title="Test results", title_justify="left")
    for name in ("precision", "recall", "F1", "utterances"):
        table.add_column(name, justify="right")
    for score in evaluation.intents:
        shares = (f"{share:.3f}" for share in (score.precision, score.recall, score.f1))
        table.add_row(score.intent, *shares, str(score.support))
    console.print(table)
    if evaluation.confusions:
        confused = Table("intent", "taken for", title="Worst confusions", title_justify="left")
        confused.add_column("utterances", justify="right")
        for confusion in evaluation.confusions[:MOST_CONFUSIONS]:
            confused.add_row(confusion.intent, confusion.taken_for, str(confusion.count))
        console.print(confused)
    console.print(f"accuracy {evaluation.accuracy:.4f}, macro-F1 {evaluation.macro_f1:.4f}")
    console.print(f"expected calibration error {evaluation.calibration_error:.4f}")
    for noise, accuracy in evaluation.robustness.items():
        console.print(f"accuracy with {noise}: {accuracy:.4f}")
    console.print(f"rejected as out of scope: {evaluation.rejected:.1%} of the test utterances")
    if evaluation.out_of_scope_recall is not None:
        console.print(
            f"out-of-scope texts found: {evaluation.out_of_scope_recall:.1%}, "
            f"AUROC {evaluation.out_of_scope_auroc:.4f}"
        )
