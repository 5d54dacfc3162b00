"""Console output of the commands."""

from __future__ import annotations

import sys

from rich.console import Console

# A file has no width: its tables are written whole.
FILE_WIDTH = 140

console = Console(
    width=None if sys.stdout.isatty() else FILE_WIDTH,
    markup=False,
    highlight=False,
    soft_wrap=True,
)


def progress(text: str) -> None:
    """Say what is being done."""
    console.print(f"- {text}")
