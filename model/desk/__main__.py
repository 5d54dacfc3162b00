"""Command ``python -m model.desk``: correct training data in the browser."""

from __future__ import annotations

import argparse
import sys
import webbrowser
from collections.abc import Sequence
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from secrets import token_urlsafe

from rich.console import Console

from model.command import ARTIFACTS, DATA, build_parser, run_command, share
from model.errors import InterruptionError

PORT = 8600
MAX_PORT = 65_535
EXAMPLES = """\
examples:
  python -m model.desk                                    the shipped data
  python -m model.desk --data tickets.csv                 your own file
  python -m model.desk --data my-data/ --events events.jsonl

The desk shows what is worth a look: texts with several intents, labels that the model doubts,
near-duplicates, confused and thin intents, and of --events the messages that a service was unsure
of or that users have corrected. Decisions are written to the training file at once, line by line,
and logged beside it. It edits CSV, TSV and JSONL; python -m model.datasets convert makes such a
file of others. It answers to this machine only. docs/desk.md has the details.
Exit codes: 0 stopped, 1 the data can't be edited or the port is taken, 2 wrong usage.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code."""
    options = _parser().parse_args(arguments)
    return run_command(partial(_serve, options), output=options.output)


def _serve(options: argparse.Namespace, console: Console, _: Console) -> int:
    from model.desk.app import create_app
    from model.desk.server import HOST, listening
    from model.desk.session import Session

    session = Session(options.data, options.output, options.events, options.below)
    token = token_urlsafe()
    with (
        closing(session.training),
        listening(create_app(session, token), options.port) as server,
        suppress(InterruptionError),
    ):
        url = f"http://{HOST}:{server.port}/#{token}"
        console.print(f"The desk is open, until Ctrl-C: {url}")
        session.training.start()
        if options.open:
            webbrowser.open(url)
        server.serve_forever()
    return 0


def port(text: str) -> int:
    """Convert an argument to a port, for argparse."""
    number = int(text)
    if not 0 <= number <= MAX_PORT:
        raise argparse.ArgumentTypeError(f"must lie between 0 and {MAX_PORT}")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = build_parser("desk", "Correct training data in the browser.", EXAMPLES)
    parser.add_argument(
        "--data", type=Path, default=DATA, help="training file, or folder with a file train"
    )
    parser.add_argument("--events", type=Path, help="log of a service's events, docs/feedback.md")
    parser.add_argument(
        "--below", type=share, default=0.5, help="confidence that counts as low (default 0.5)"
    )
    parser.add_argument(
        "--output", type=Path, default=ARTIFACTS, help="folder for a new model that you adopt"
    )
    parser.add_argument(
        "--port", type=port, default=PORT, help=f"port to listen on; 0 takes a free one ({PORT})"
    )
    parser.add_argument("--open", action="store_true", help="open the page in a browser")
    return parser


if __name__ == "__main__":
    sys.exit(main())
