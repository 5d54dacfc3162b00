"""The options of commands that read data."""

from __future__ import annotations

import argparse

from model.datasets.documents.document import ReadOptions
from model.datasets.reading.recognition import FORMATS


def add_reading_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how to read data."""
    group = parser.add_argument_group("reading the data")
    names = [each.name for each in FORMATS]
    group.add_argument(
        "--format", choices=names, help="insist on a format (default: recognised by the content)"
    )
    group.add_argument("--text-column", metavar="NAME", help="of a table: a name or a number")
    group.add_argument("--intent-column", metavar="NAME", help="of a table: a name or a number")
    group.add_argument("--sheet", metavar="NAME", help="of a spreadsheet (default: the first one)")
    group.add_argument(
        "--out-of-scope-intent",
        action="append",
        default=[],
        metavar="NAME",
        help="use the utterances of this intent as out-of-scope examples, as those of the intent "
        "out_of_scope always are; may be repeated",
    )
    group.add_argument(
        "--leave-out-unreadable",
        action="store_true",
        help="leave out entries that can't be read, with a warning each, instead of refusing the "
        "data",
    )


def read_options(options: argparse.Namespace) -> ReadOptions:
    """Return the options for reading from parsed arguments."""
    return ReadOptions(
        format=options.format,
        text_column=options.text_column,
        intent_column=options.intent_column,
        sheet=options.sheet,
        out_of_scope_intents=tuple(options.out_of_scope_intent),
        leave_out_unreadable=options.leave_out_unreadable,
    )
