"""Command ``python -m model.predict``: classify texts, or all rows of a table."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rich.console import Console

from model.bulk.job import BulkOptions, default_jobs, is_resumable, label
from model.bulk.signals import defer_signals
from model.bulk.sinks import OutputPaths, Sink, StandardOutput
from model.command import add_model_argument, build_parser, run_command, whole_number
from model.console import print_messages
from model.errors import InterruptionError
from model.escaping import single_line
from model.inference.intent_model import IntentModel
from model.inference.prediction import Prediction
from model.inference.strict_json import is_unicode
from model.tables.opening import STREAM_FORMATS
from model.tables.table import STREAM, Layout, to_json

REJECTED_EXIT = 3
EXAMPLES = """\
examples:
  python -m model.predict "where is my parcel" "I forgot my password"
  python -m model.predict --json --top-k 3 "where is my parcel"
  python -m model.predict --input tickets.csv --column message --output labelled.csv
  python -m model.predict --input tickets.parquet --column message --output labelled.parquet
  zcat tickets.jsonl.gz | python -m model.predict --input - --format jsonl > labelled.jsonl

A table is a CSV, TSV, JSONL, Parquet, Excel or ODS file of any size (Parquet needs
requirements/parquet.txt; Excel and ODS need requirements/spreadsheets.txt, and are written as CSV).
The output holds its rows in the same order, with the columns intent and confidence added. Rows that
can't be classified are written to labelled.rejected.csv (.tsv; .jsonl for JSONL and Parquet) with
line and reason, or to standard error if the output is a stream. In that file an apostrophe precedes
cells that a spreadsheet program would run as a formula; the output itself repeats the input's cells
unchanged. To resume an interrupted run, run the same command again; streams can't be resumed.
Exit codes: 0 all classified, 1 the model, the input or the output can't be used, 2 wrong usage,
3 done, but some rows were rejected, 129, 130 or 143 interrupted.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    _check(parser, options)
    body = partial(_label if options.input else _classify, options)
    return run_command(body, output=None if options.output == STREAM else options.output)


def _classify(options: argparse.Namespace, console: Console, errors: Console) -> int:
    files = filter(os.path.isfile, options.texts)
    notes = [f"{each} is classified as a text; --input labels the rows of a file" for each in files]
    print_messages(errors, "note", notes)
    model = IntentModel.load(options.model)
    predictions = model.predict(options.texts, top_k=options.top_k)
    pairs = list(zip(options.texts, predictions, strict=True))
    if options.json:
        for text, prediction in pairs:
            values = Layout(top_k=options.top_k).fields(prediction)
            console.print(to_json({"text": text, **values}))
    else:
        _print_readably(console, pairs)
    return 0


def _print_readably(console: Console, pairs: Sequence[tuple[str, Prediction]]) -> None:
    width = max(len(prediction.intent) for _, prediction in pairs)
    for text, prediction in pairs:
        shown = single_line(text)
        console.print(f"{prediction.intent:{width}}  {prediction.confidence:.4f}  {shown}")
        for each in prediction.alternatives:
            console.print(f"{'':{width}}  {each.confidence:.4f}    {each.intent}")


def _label(options: argparse.Namespace, _: Console, errors: Console) -> int:
    started = time.monotonic()
    sink = _label_table(options, errors)
    seconds = time.monotonic() - started
    if isinstance(sink, StandardOutput):
        print_messages(errors, "rejected", [str(problem) for problem in sink.problems])
    where = "" if options.output == STREAM else f" in {options.output}"
    errors.print(f"Labelled {sink.state.labelled:,} rows{where} after {seconds:.1f} s")
    if not sink.state.rejected:
        return 0
    is_file = not isinstance(sink, StandardOutput)
    where = f": see {OutputPaths(options.output).rejected}" if is_file else ""
    errors.print(f"Rejected {sink.state.rejected:,} rows{where}")
    return REJECTED_EXIT


def _label_table(options: argparse.Namespace, errors: Console) -> Sink:
    bulk = _bulk_options(options)
    if not is_resumable(bulk):  # a signal must not wait for the next row of a stream
        return label(bulk, options.model, errors)
    with defer_signals() as raise_if_interrupted:
        try:
            return label(bulk, options.model, errors, raise_if_interrupted)
        except InterruptionError as error:
            advice = "; run the same command again to resume"
            raise InterruptionError(error.number, advice) from error


def _bulk_options(options: argparse.Namespace) -> BulkOptions:
    return BulkOptions(
        input=options.input,
        output=options.output,
        layout=Layout(
            column=options.column,
            prefix=options.prefix,
            top_k=options.top_k,
            max_length=options.max_length,
            sheet=options.sheet,
        ),
        stream_format=options.format,
        jobs=options.jobs,
        force=options.force,
        restart=options.restart,
    )


def _check(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    if bool(options.texts) == bool(options.input):
        parser.error("pass either texts or --input")
    if options.input and options.json:
        parser.error("--json applies to texts; a table keeps its own format")
    if unusable := _unusable_places(options.texts):
        parser.error(f"empty or not valid Unicode: text {', '.join(unusable)}")
    if options.input and options.input != STREAM and options.input == options.output:
        parser.error("--input and --output are the same file")


def _unusable_places(texts: Sequence[str]) -> list[str]:
    """Return the numbers, from 1, of texts that can't be classified."""
    numbered = enumerate(texts, 1)
    return [str(number) for number, text in numbered if not (text.strip() and is_unicode(text))]


def _parser() -> argparse.ArgumentParser:
    parser = build_parser(
        "predict", "Predict the intents of texts, or of all rows of a table.", EXAMPLES
    )
    parser.add_argument("texts", nargs="*", metavar="text", help="a text to classify")
    add_model_argument(parser)
    parser.add_argument(
        "--top-k",
        type=whole_number(0),
        default=0,
        metavar="K",
        help="also list the K likeliest intents",
    )
    parser.add_argument("--json", action="store_true", help="print a line of JSON for each text")
    table = parser.add_argument_group("options for a table")
    table.add_argument("--input", type=Path, help="a file, or - for standard input")
    table.add_argument(
        "--output",
        type=Path,
        default=STREAM,
        help="a file of the same format; standard output by default",
    )
    table.add_argument("--column", default="text", help="column of the texts (default text)")
    table.add_argument("--sheet", metavar="NAME", help="of a spreadsheet (default: the first one)")
    table.add_argument(
        "--format", choices=STREAM_FORMATS, default="csv", help="format of streams (default csv)"
    )
    table.add_argument("--prefix", default="", help="prefix of the added columns' names")
    table.add_argument(
        "--max-length",
        type=whole_number(1),
        default=Layout().max_length,
        metavar="N",
        help="reject texts of more than N characters (default 5000, the limit of the service)",
    )
    table.add_argument(
        "--jobs",
        type=whole_number(1),
        default=default_jobs(),
        metavar="N",
        help="number of processes (default: one a core)",
    )
    table.add_argument("--force", action="store_true", help="replace an existing output")
    table.add_argument(
        "--restart", action="store_true", help="discard the partial output of an interrupted run"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
