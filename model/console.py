"""Print messages in the way that all commands share."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.console import Console

from model.errors import DataError, Problem, ProblemKind

MAX_MESSAGES = 20
MAX_OF_KIND = 10

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def plain_console(*, stderr: bool = False) -> Console:
    """Return a console that prints intents and paths unchanged, with any brackets in them."""
    return Console(stderr=stderr, soft_wrap=True, markup=False, emoji=False, highlight=False)


def print_messages(console: Console, kind: str, messages: Sequence[str]) -> None:
    """Print a line for each of the first messages, and the number of the others."""
    for message in messages[:MAX_MESSAGES]:
        console.print(f"{kind}: {message}")
    if len(messages) > MAX_MESSAGES:
        console.print(f"{kind}: and {len(messages) - MAX_MESSAGES} more")


def print_problems(console: Console, level: str, problems: Sequence[Problem]) -> None:
    """Print problems by kind: the first ten of each, their number, and the remedy.

    Control characters in texts from data are escaped.
    """
    print_messages(console, level, [legible(str(each)) for each in problems if each.kind is None])
    groups: dict[ProblemKind, list[Problem]] = {}
    for problem in problems:
        if problem.kind is not None:
            groups.setdefault(problem.kind, []).append(problem)
    for kind, group in groups.items():
        for problem in group[:MAX_OF_KIND]:
            console.print(f"{level}: {legible(str(problem))}")
        console.print(f"{level}: {len(group)} {kind.title}: {kind.remedy}")


def print_data_error(console: Console, error: DataError) -> None:
    """Print what is wrong with data, after the remarks on it."""
    print_problems(console, "warning", error.warnings)
    print_problems(console, "error", error.problems)


def legible(text: str) -> str:
    """Return a text with escapes for control characters, which could command a terminal."""
    return _CONTROL.sub(lambda found: repr(found[0])[1:-1], text)
