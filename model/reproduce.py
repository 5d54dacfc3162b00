"""The command that holds a card to its word: ``python -m model.reproduce CARD --data DATA``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from model.console import MAX_MESSAGES, plain_console, print_data_error, print_messages
from model.errors import ArtifactError, DataError, EqualityError
from model.inference.model_card import CARD_NAME, ModelCard
from model.training.reproduction import Comparison, Reproduction, TrainingRecord, reproduce

HERE = Path(__file__).resolve().parent
EXAMPLES = """\
examples:
  python -m model.reproduce                          the shipped data, and model/artifacts
  python -m model.reproduce bike-model/model_card.json --data examples/tickets.csv

Trains again on the card's data, with its seed and options, and compares each of its numbers; writes
nothing. Other versions of the libraries than the card's are told.
Exit codes: 0 all agree, 1 they don't, or the card or the data can't be used, 2 wrong usage.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns:
        The exit code.
    """
    options = _parser().parse_args(arguments)
    console, errors = plain_console(), plain_console(stderr=True)
    try:
        card = ModelCard.read(options.card)
        recipe = TrainingRecord.of(card, options.card)
        dataset = recipe.load(options.data)
        print_messages(errors, "warning", recipe.other_versions())
        with threadpool_limits(limits=1):  # as training does
            reproduction = reproduce(card, recipe, dataset, console.print)
    except (ArtifactError, EqualityError) as error:
        print_messages(errors, "error", [str(error)])
        return 1
    except DataError as error:
        print_data_error(errors, error)
        return 1
    _print(console, reproduction)
    return 1 if reproduction.differences else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m model.reproduce",
        description="Train again as a model card says, and compare all of its numbers.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("card", type=Path, nargs="?", default=HERE / "artifacts" / CARD_NAME)
    parser.add_argument(
        "--data", type=Path, default=HERE / "data", help="what the card was made of"
    )
    return parser


def _print(console: Console, reproduction: Reproduction) -> None:
    details = [each for each in reproduction.differences if not each.is_main]
    shown = [each for each in reproduction.comparisons if each.is_main]
    console.print(_table([*shown, *details[:MAX_MESSAGES]]))
    total = len(reproduction.comparisons)
    console.print(f"{total - len(reproduction.differences)} of {total} values of the card agree")
    state = "is the same, byte for byte" if reproduction.has_same_bytes else "has other bytes"
    console.print(f"The model file {state}")


def _table(comparisons: Sequence[Comparison]) -> Table:
    table = Table(title="The card, and training again", title_justify="left")
    table.add_column("number", overflow="fold")
    for name in ("card", "again"):
        table.add_column(name, justify="right")
    table.add_column("")
    for each in comparisons:
        values = (_short(value) for value in (each.on_card, each.again))
        name = each.name.removeprefix("training.")
        table.add_row(name, *values, "" if each.is_same else "differs")
    return table


def _short(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(main())
