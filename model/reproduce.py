"""Command ``python -m model.reproduce CARD --data DATA``: train again and compare the results."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from model.command import (
    ARTIFACTS,
    DATA,
    add_min_utterances_argument,
    build_parser,
    run_command,
)
from model.console import MAX_MESSAGES, print_messages
from model.datasets.options import add_reading_arguments, read_options
from model.inference.model_card import CARD_NAME, ModelCard

if TYPE_CHECKING:
    from model.training.reproduction import Comparison, Reproduction

EXAMPLES = """\
examples:
  python -m model.reproduce                          the shipped data, and model/artifacts
  python -m model.reproduce bike-model/model_card.json --data examples/tickets.csv

Trains again on the card's data, with its seed and options, and compares each of its numbers. The
options for reading the data have to be those of the training. Writes no file. Warns if the
installed libraries have other versions than those on the card.
Exit codes: 0 all agree, 1 some differ, or the card or the data can't be used, 2 wrong usage.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code."""
    return run_command(partial(_reproduce, _parser().parse_args(arguments)))


def _reproduce(options: argparse.Namespace, console: Console, errors: Console) -> int:
    from threadpoolctl import threadpool_limits

    from model.training.reproduction import TrainingRecord, reproduce

    card = ModelCard.read(options.card)
    record = TrainingRecord.of(card, options.card)
    reading = replace(read_options(options), min_utterances=options.min_utterances)
    dataset = record.load(options.data, reading)
    print_messages(errors, "warning", record.other_versions())
    with threadpool_limits(limits=1):  # as model.train does
        reproduction = reproduce(card, record, dataset, console.print)
    _print(console, reproduction)
    return 1 if reproduction.differences else 0


def _parser() -> argparse.ArgumentParser:
    parser = build_parser(
        "reproduce",
        "Train again as a model card records, and compare all of its numbers.",
        EXAMPLES,
    )
    parser.add_argument("card", type=Path, nargs="?", default=ARTIFACTS / CARD_NAME)
    parser.add_argument(
        "--data", type=Path, default=DATA, help="the data that the card was made from"
    )
    add_reading_arguments(parser)
    add_min_utterances_argument(parser)
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
    table = Table(title="The card and the new training", title_justify="left")
    table.add_column("number", overflow="fold")
    for name in ("card", "again"):
        table.add_column(name, justify="right")
    table.add_column("")
    for each in comparisons:
        values = (
            f"{value:.6g}" if isinstance(value, float) else str(value)
            for value in (each.recorded, each.repeated)
        )
        name = each.name.removeprefix("training.")
        table.add_row(name, *values, "" if each.is_same else "differs")
    return table


if __name__ == "__main__":
    sys.exit(main())
