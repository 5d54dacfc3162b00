"""Consoles that print users' texts safely."""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from rich.console import Console
from rich.text import Text

from model.errors import Problem, ProblemKind
from model.escaping import printable, single_line

MAX_MESSAGES = 20
MAX_OF_KIND = 10
MAX_CHARACTERS = 2000


class _PlainConsole(Console):
    """A console that escapes control characters, in tables as well as in lines."""

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(printable(text), **options)

    def on_broken_pipe(self) -> NoReturn:
        """Raise an error that the command reports; rich would end the process without a word."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def plain_console(*, stderr: bool = False) -> Console:
    """Return a console that neither wraps lines nor interprets brackets and colons in them."""
    return _PlainConsole(stderr=stderr, soft_wrap=True, markup=False, emoji=False, highlight=False)


def print_messages(
    console: Console, kind: str, messages: Sequence[str], count: int | None = None
) -> None:
    """Print each message on a line of its own, and the number of those beyond the first 20.

    ``count`` is their number, where ``messages`` holds the first ones only.
    """
    count = len(messages) if count is None else count
    for message in messages[:MAX_MESSAGES]:
        console.print(f"{kind}: {_shortened(message)}")
    if count > MAX_MESSAGES:
        console.print(f"{kind}: and {count - MAX_MESSAGES:,} more")


def _shortened(message: str) -> str:
    """Return the beginning of a message in one line; names within data can have any length."""
    is_long = len(message) > MAX_CHARACTERS
    return single_line(f"{message[:MAX_CHARACTERS]}…" if is_long else message)


def print_problems(
    console: Console,
    level: str,
    problems: Sequence[Problem],
    counts: Mapping[ProblemKind | None, int] | None = None,
) -> None:
    """Print problems by kind: the first ten of each, their number, and the remedy.

    ``counts`` are their numbers by kind, where ``problems`` holds the first ones only.
    """
    counts = counts or Counter(problem.kind for problem in problems)
    others = [str(each) for each in problems if each.kind is None]
    print_messages(console, level, others, counts.get(None, 0))
    groups: dict[ProblemKind, list[Problem]] = {}
    for problem in problems:
        if problem.kind is not None:
            groups.setdefault(problem.kind, []).append(problem)
    for kind, group in groups.items():
        for problem in group[:MAX_OF_KIND]:
            console.print(f"{level}: {_shortened(str(problem))}")
        console.print(f"{level}: {counts[kind]:,} {kind.title}: {kind.remedy}")
