"""What all commands print with."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

MAX_MESSAGES = 20


def plain_console(*, stderr: bool = False) -> Console:
    """Make a console that prints intents and paths as they are, whatever brackets they hold."""
    return Console(stderr=stderr, soft_wrap=True, markup=False, emoji=False, highlight=False)


def print_messages(console: Console, kind: str, messages: Sequence[str]) -> None:
    """Print a line for each message, and how many more there are."""
    for message in messages[:MAX_MESSAGES]:
        console.print(f"{kind}: {message}")
    if len(messages) > MAX_MESSAGES:
        console.print(f"{kind}: and {len(messages) - MAX_MESSAGES} more")
