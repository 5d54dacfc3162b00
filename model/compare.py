"""Command ``python -m model.compare A B``: two models on the same utterances."""

from __future__ import annotations

import argparse
import json
import sys
import urllib.request
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console

from model.atomic_files import write_atomically
from model.command import build_parser, run_command
from model.console import print_problems
from model.datasets.options import add_reading_arguments, read_options
from model.datasets.parts import read_test
from model.datasets.readers import read_text
from model.errors import DataError, StoreError
from model.inference.intent_model import IntentModel
from model.inference.prediction import Prediction
from model.store.model_files import fetch
from model.store.uri import StoreUri

EXAMPLES = """\
examples:
  python -m model.compare model/artifacts /tmp/new --data model/data/test.csv
  python -m model.compare s3://bucket/models#sha256=... /tmp/new --data labelled.jsonl
  python -m model.compare http://localhost:8080 /tmp/new --texts yesterday.txt --json

A and B are models (a pipeline, a folder, or a URI with its digest), or URLs of running services.
A file of --texts has one utterance a line, without labels.
Exit codes: 0 compared, 1 a model, the service or the data can't be used, 2 wrong usage.
"""
MAX_TEXTS = 64  # of one request to a service
TIMEOUT_S = 30.0

Predict = Callable[[Sequence[str]], list[Prediction]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code."""
    options = _parser().parse_args(arguments)
    return run_command(partial(_compare, options), output=options.html)


def _compare(options: argparse.Namespace, console: Console, errors: Console) -> int:
    from model.evaluation.comparison import Comparison
    from model.reporting.comparison_report import print_comparison, render_comparison, to_fields

    texts, labels = _utterances(options, errors)
    before, after = (_open(place)(texts) for place in (options.before, options.after))
    comparison = Comparison(texts, labels, before, after)
    if options.html:
        page = render_comparison(comparison, (options.before, options.after))
        write_atomically(options.html, page.encode())
    if options.json:
        console.print(json.dumps(to_fields(comparison), ensure_ascii=False))
    else:
        print_comparison(console, comparison)
    return 0


def _utterances(options: argparse.Namespace, errors: Console) -> tuple[list[str], list[str | None]]:
    if options.data:
        examples, notes = read_test(options.data, read_options(options))
        print_problems(errors, "note", notes)
        return [each.text for each in examples], [each.intent for each in examples]
    texts = [line.strip() for line in read_text(options.texts).splitlines() if line.strip()]
    if not texts:
        raise DataError.at(options.texts, "holds no utterances")
    return texts, [None] * len(texts)


def _open(place: str) -> Predict:
    if place.startswith(("http://", "https://")) and "#" not in place and "@sha256" not in place:
        return partial(_ask, place)
    path = Path(place)
    model = IntentModel.load(path) if path.suffix == ".pkl" else fetch(StoreUri.parse(place)).load()
    return model.predict


def _ask(url: str, texts: Sequence[str]) -> list[Prediction]:
    """Return a service's predictions."""
    target = url if urlsplit(url).path.strip("/") else f"{url.rstrip('/')}/predict"
    predictions = []
    for start in range(0, len(texts), MAX_TEXTS):
        part = texts[start : start + MAX_TEXTS]
        request = urllib.request.Request(  # noqa: S310 - the URL begins with http
            target, json.dumps({"texts": part}).encode(), {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310
                answers = json.load(response)["predictions"]
            predictions += [Prediction(each["intent"], each["confidence"]) for each in answers]
        except (OSError, KeyError, TypeError, ValueError) as error:
            remedy = "Check that the service runs, and its limits"
            raise StoreError(target, "does not classify the utterances", remedy) from error
    return predictions


def _parser() -> argparse.ArgumentParser:
    parser = build_parser("compare", "Compare two models on the same utterances.", EXAMPLES)
    parser.add_argument("before", metavar="A", help="the model or service that serves now")
    parser.add_argument("after", metavar="B", help="the model or service that may replace it")
    data = parser.add_mutually_exclusive_group(required=True)
    data.add_argument("--data", type=Path, help="labelled utterances, in any known format")
    data.add_argument("--texts", type=Path, help="utterances without labels, one a line")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--html", type=Path, metavar="FILE", help="also write a page")
    add_reading_arguments(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
