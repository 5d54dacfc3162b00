"""The predicting command: ``python -m model.predict``, for texts and for whole tables."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from model.bulk.job import BulkOptions, default_jobs, is_resumable, label
from model.bulk.signals import interruptible, interrupting
from model.bulk.sinks import OutputFiles, Sink, StandardOutput
from model.console import plain_console, print_data_error, print_messages
from model.errors import ArtifactError, DataError, InterruptionError, WorkerError
from model.inference.intent_model import IntentModel
from model.inference.prediction import Prediction
from model.tables.opening import STREAM_FORMATS
from model.tables.table import STREAM, Layout, is_unicode, to_json

DEFAULT_MODEL = Path(__file__).resolve().parent / "artifacts" / "intent_model.pkl"
REJECTED_EXIT = 3
EXAMPLES = """\
examples:
  python -m model.predict "where is my parcel" "I forgot my password"
  python -m model.predict --json --top-k 3 "where is my parcel"
  python -m model.predict --input tickets.csv --column message --output labelled.csv
  python -m model.predict --input tickets.parquet --column message --output labelled.parquet
  zcat tickets.jsonl.gz | python -m model.predict --input - --format jsonl > labelled.jsonl

A table is CSV, TSV, JSONL or Parquet (which needs requirements/parquet.txt), of any size. Its rows
come out in their order with the columns intent and confidence added. Rows that can't be classified
go to labelled.rejected.csv (.tsv; for JSONL and Parquet .jsonl) with line and reason, or, when the
output is a stream, to the error output. An interrupted run goes on where it was when the same
command is given again, unless one of its sides is a stream.
Exit codes: 0 all classified, 1 the model, the input or the output can't be used, 2 wrong usage,
3 done, but some rows were rejected, 129, 130, 143 interrupted.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns:
        The exit code.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    _check(parser, options)
    errors = plain_console(stderr=True)
    try:
        if options.input:
            return _label(options, errors)
        with interrupting():
            return _classify(options)
    except InterruptionError as error:
        errors.print(f"error: {error}{_how_to_go_on(options)}")
        return error.exit_code
    except (ArtifactError, WorkerError) as error:
        print_messages(errors, "error", [str(error)])
    except DataError as error:
        print_data_error(errors, error)
    except OSError as error:
        reason = error.strerror or "failed"
        print_messages(errors, "error", [f"{options.output} can't be written: {reason}"])
    return 1


def _classify(options: argparse.Namespace) -> int:
    model = IntentModel.load(options.model)
    predictions = model.predict(options.texts, top_k=options.top_k)
    console = plain_console()
    if options.json:
        for text, prediction in zip(options.texts, predictions, strict=True):
            values = Layout(top_k=options.top_k).values(prediction)
            console.print(to_json({"text": text, **values}))
    else:
        _print_readably(console, options.texts, predictions)
    return 0


def _print_readably(
    console: Console, texts: Sequence[str], predictions: Sequence[Prediction]
) -> None:
    width = max(len(prediction.intent) for prediction in predictions)
    for text, prediction in zip(texts, predictions, strict=True):
        console.print(f"{prediction.intent:{width}}  {prediction.confidence:.4f}  {text}")
        for each in prediction.alternatives:
            console.print(f"{'':{width}}  {each.confidence:.4f}    {each.intent}")


def _label(options: argparse.Namespace, errors: Console) -> int:
    started = time.monotonic()
    bulk = _bulk_options(options)
    # A stream may keep us waiting; what is written to a file should end between two rows.
    with interruptible() if is_resumable(bulk) else interrupting() as check:
        sink = label(bulk, options.model, errors, check)
    seconds = time.monotonic() - started
    if isinstance(sink, StandardOutput):
        print_messages(errors, "rejected", [str(problem) for problem in sink.problems])
    errors.print(f"Labelled {sink.labelled:,} rows{_where(options.output)} after {seconds:.1f} s")
    if not sink.rejected:
        return 0
    errors.print(f"Rejected {sink.rejected:,} rows{_where_rejected(options.output, sink)}")
    return REJECTED_EXIT


def _where(output: Path) -> str:
    return "" if output == STREAM else f" in {output}"


def _where_rejected(output: Path, sink: Sink) -> str:
    return "" if isinstance(sink, StandardOutput) else f": see {OutputFiles(output).rejected}"


def _how_to_go_on(options: argparse.Namespace) -> str:
    if options.input and is_resumable(_bulk_options(options)):
        return "; the same command goes on from there"
    return ""


def _bulk_options(options: argparse.Namespace) -> BulkOptions:
    return BulkOptions(
        input=options.input,
        output=options.output,
        layout=Layout(options.column, options.prefix, options.top_k, options.max_length),
        stream_format=options.format,
        jobs=options.jobs,
        force=options.force,
        restart=options.restart,
    )


def _check(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    if bool(options.texts) == bool(options.input):
        parser.error("give either texts or --input")
    if options.input and options.json:
        parser.error("--json is for texts; a table comes out in its own format")
    if not all(text.strip() and is_unicode(text) for text in options.texts):
        parser.error("a text is empty or not valid Unicode")
    if options.input and options.input != STREAM and options.input == options.output:
        parser.error("--input and --output are the same file")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m model.predict",
        description="Tell the intents of texts, or of all rows of a table.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("texts", nargs="*", metavar="text", help="what is to be classified")
    parser.add_argument("--model", type=Path, default=DEFAULT_MODEL, help="the trained model")
    parser.add_argument(
        "--top-k", type=_count(0), default=0, metavar="K", help="rank so many known intents, too"
    )
    parser.add_argument("--json", action="store_true", help="a line of JSON for each text")
    table = parser.add_argument_group("for a table")
    table.add_argument("--input", type=Path, help="a file, or - for the standard input")
    table.add_argument("--output", type=Path, default=STREAM, help="a file of the same format")
    table.add_argument("--column", default="text", help="what holds the texts (default text)")
    table.add_argument("--format", choices=STREAM_FORMATS, default="csv", help="of streams")
    table.add_argument("--prefix", default="", help="of the names of the columns that are added")
    table.add_argument(
        "--max-length",
        type=_count(1),
        default=Layout().max_length,
        metavar="N",
        help="reject texts with more characters (default 5000, as the service does)",
    )
    table.add_argument(
        "--jobs", type=_count(1), default=default_jobs(), metavar="N", help="default: all cores"
    )
    table.add_argument("--force", action="store_true", help="replace an output that is there")
    table.add_argument(
        "--restart", action="store_true", help="throw away what an interrupted run has left"
    )
    return parser


def _count(least: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or int(text) < least:
            raise argparse.ArgumentTypeError(f"must be a whole number, {least} or more")
        return int(text)

    return parse


if __name__ == "__main__":
    sys.exit(main())
