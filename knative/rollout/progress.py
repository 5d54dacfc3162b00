"""Progress of the command: a running clock on a terminal, plain lines elsewhere.

A terminal that is closed, or a pipe that nobody reads any more, stops nothing: a rollout has to
move its traffic back all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial

from rich.console import Console
from rich.progress import Progress as Clock
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

# At a broken pipe rich ends the process.
_ignoring_output_errors = partial(suppress, OSError, SystemExit)


class Progress:
    """Prints progress to a console."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, text: str) -> None:
        """Print a line."""
        with _ignoring_output_errors():
            self._console.print(text)

    @contextmanager
    def during(self, text: str) -> Iterator[None]:
        """Show an activity while the block runs."""
        if not self._console.is_terminal:
            self.say(f"{text} ...")
            yield
            return
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False))
        clock = Clock(*columns, TimeElapsedColumn(), console=self._console, transient=True)
        clock.add_task(text, total=None)
        with _ignoring_output_errors():
            clock.start()
        try:
            yield
        finally:
            with _ignoring_output_errors():
                clock.stop()
