"""Console output of the commands."""

from __future__ import annotations

import sys

from rich.console import Console

# A file has no width, so its tables must not be cut.
FILE_WIDTH = 140

console = Console(
    width=None if sys.stdout.isatty() else FILE_WIDTH,
    markup=False,
    highlight=False,
    soft_wrap=True,
)


def progress(text: str) -> None:
    """Print the current step."""
    console.print(f"- {text}")
