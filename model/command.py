"""The parts that all commands share: parser, paths, and the way from an error to an exit code."""

from __future__ import annotations

import argparse
import math
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from model.bulk.signals import raise_on_signal
from model.console import plain_console, print_messages, print_problems
from model.errors import DataError, ModelError
from model.store.pointers import is_valid_name

DATA = Path(__file__).resolve().parent / "data"
ARTIFACTS = DATA.with_name("artifacts")
TRAINED_MODEL = ARTIFACTS / "intent_model.pkl"
SHIPPED_MODEL = DATA.with_name("shipped")

# Receives the consoles of standard output and standard error; returns the exit code.
Body = Callable[[Console, Console], int]


def run_command(body: Body, *, output: Path | None = None) -> int:
    """Run a command, and return its exit code; report an error in one line, without a traceback.

    ``output`` is the file or folder that it writes; None for standard output.
    """
    console, errors = plain_console(), plain_console(stderr=True)
    code = 1
    try:
        with raise_on_signal(), _warnings_as_messages(errors):
            return body(console, errors)
    except DataError as error:
        print_problems(errors, "warning", error.warnings)
        print_problems(errors, "error", error.problems)
        return code
    except ModelError as error:
        messages, code = [str(error)], error.exit_code
    except OSError as error:
        _discard_unwritten_output()
        is_stream = output is None or isinstance(error, BrokenPipeError)
        place = "standard output" if is_stream else output
        messages = [f"{place} can't be written: {error.strerror or 'failed'}"]
    except ModuleNotFoundError as error:
        messages = [f"{error.name} is not installed: pip install --requirement requirements.txt"]
    except RecursionError:
        messages = ["the input is nested too deeply"]
    except MemoryError:
        messages = ["there is not enough memory"]
    print_messages(errors, "error", messages)
    return code


class _Parser(argparse.ArgumentParser):
    """A parser, also of subcommands, that takes names of options in full only.

    argparse would otherwise take ``--test`` for ``--test-size``.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)


def build_parser(name: str, description: str, epilog: str | None = None) -> argparse.ArgumentParser:
    """Return the parser of ``python -m model.<name>``, which keeps the line breaks of `epilog`."""
    return _Parser(
        prog=f"python -m model.{name}",
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_model_argument(parser: argparse.ArgumentParser) -> None:
    """Add the option that names a model; without it, `make run` serves the same one."""
    parser.add_argument(
        "--model",
        type=Path,
        default=TRAINED_MODEL if TRAINED_MODEL.exists() else SHIPPED_MODEL,
        help="a trained model or its folder (default: the one in model/artifacts, "
        "or else in model/shipped)",
    )


def add_min_utterances_argument(parser: argparse.ArgumentParser) -> None:
    """Add the option that leaves out thin intents."""
    parser.add_argument(
        "--min-utterances",
        type=whole_number(1),
        default=1,
        metavar="N",
        help="leave out intents with fewer utterances, with a warning each (default 1)",
    )


def share(text: str) -> float:
    """Convert an argument to a number from 0 to 1, for argparse."""
    value = _number(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError("must lie between 0 and 1")
    return value


def inner_share(text: str) -> float:
    """Convert an argument to a number between 0 and 1, both excluded, for argparse."""
    value = _number(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError("must lie between 0 and 1, both excluded")
    return value


def _number(text: str) -> float:
    """Return the number that a text stands for, or NaN."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def whole_number(minimum: int) -> Callable[[str], int]:
    """Return a function that converts an argument to a whole number, for argparse."""

    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or int(text) < minimum:
            raise argparse.ArgumentTypeError(f"must be a whole number, {minimum} or more")
        return int(text)

    return parse


def model_name(text: str) -> str:
    """Return an argument that is a valid name of a published model, for argparse."""
    if not is_valid_name(text):
        raise argparse.ArgumentTypeError(
            "must be 1 to 128 letters, digits, '.', '_' and '-', and begin with a letter or digit"
        )
    return text


@contextmanager
def _warnings_as_messages(errors: Console) -> Iterator[None]:
    """Print the warnings of libraries as messages of one line, without a position in the code."""

    def show(message: Warning | str, *_: object) -> None:
        print_messages(errors, "warning", [" ".join(str(message).split())])

    with warnings.catch_warnings():
        warnings.showwarning = show  # type: ignore[assignment]  # takes any further arguments
        yield


def _discard_unwritten_output() -> None:
    """Send what can't be written to /dev/null: the interpreter would try again at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
