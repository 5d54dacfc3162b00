"""Progress of the command: a running clock on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress as Clock
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn


class Progress:
    """Prints progress to a console."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, text: str) -> None:
        """Print a line."""
        self._console.print(text)

    @contextmanager
    def during(self, text: str) -> Iterator[None]:
        """Show an activity while the block runs."""
        if not self._console.is_terminal:
            self._console.print(f"{text} ...")
            yield
            return
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False))
        with Clock(*columns, TimeElapsedColumn(), console=self._console, transient=True) as clock:
            clock.add_task(text, total=None)
            yield
