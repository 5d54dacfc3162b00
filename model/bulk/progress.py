"""How far a run is: a bar with rate and time left on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

LINE_EVERY_S = 10.0

# Takes the offset in the input, and how many rows are done.
Tell = Callable[[int, int], None]


@contextmanager
def pace(
    console: Console,
    size: int | None,
    *,
    offset: int,
    rows: int,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Tell]:
    """Tell how far a run is, for as long as it lasts.

    Args:
        console: where people look.
        size: the offset at the end; None where it is not known.
        offset: where this run begins.
        rows: how many are done already.
        clock: seconds.
    """
    pace_so_far = _Pace(size, offset, rows, clock)
    if console.is_terminal:
        with _bar(console, pace_so_far) as tell:
            yield tell
    else:
        yield _lines(console, pace_so_far)


class _Pace:
    def __init__(
        self, size: int | None, offset: int, rows: int, clock: Callable[[], float]
    ) -> None:
        self.size, self.clock = size, clock
        self.first_offset, self.first_rows, self.began = offset, rows, clock()

    def rate(self, rows: int) -> float:
        """Give rows a second."""
        return (rows - self.first_rows) / max(self.clock() - self.began, 1e-9)

    def seconds_left(self, offset: int, size: int) -> float:
        """Give the time that the rest takes at this pace."""
        done = offset - self.first_offset
        return (self.clock() - self.began) * (size - offset) / max(done, 1)


def _lines(console: Console, so_far: _Pace) -> Tell:
    told_at = so_far.began

    def tell(offset: int, rows: int) -> None:
        nonlocal told_at
        if so_far.clock() < told_at + LINE_EVERY_S:
            return
        told_at = so_far.clock()
        parts = [f"{rows:,} rows", f"{so_far.rate(rows):,.0f} a second"]
        if so_far.size:
            left = timedelta(seconds=round(so_far.seconds_left(offset, so_far.size)))
            parts += [f"{offset / so_far.size:.0%}", f"{left} left"]
        console.print(", ".join(parts))

    return tell


@contextmanager
def _bar(console: Console, so_far: _Pace) -> Iterator[Tell]:
    columns = (
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %" if so_far.size else ""),
        TextColumn("{task.fields[pace]}", markup=False),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=so_far.size, completed=so_far.first_offset, pace="")

        def tell(offset: int, rows: int) -> None:
            text = f"{rows:,} rows, {so_far.rate(rows):,.0f} a second"
            bar.update(task, completed=offset, pace=text)

        yield tell
