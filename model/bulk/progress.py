"""Progress of a run: a bar on a terminal, a line every ten seconds elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

LINE_EVERY_S = 10.0

# Receives the offset in the input and the number of rows that are done.
Report = Callable[[int, int], None]


@contextmanager
def progress(
    console: Console,
    size: int | None,
    *,
    offset: int,
    rows: int,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Report]:
    """Yield a function that reports how far the run is.

    Args:
        console: where to print.
        size: offset of the input's end; None if unknown.
        offset: offset at which this run begins.
        rows: number of rows that an earlier run has done.
        clock: returns seconds.
    """
    speed = _Speed(offset, rows, clock(), clock)
    if console.is_terminal:
        with _bar(console, size, speed) as report:
            yield report
    else:
        yield _lines(console, size, speed)


@dataclass(frozen=True, slots=True)
class _Speed:
    first_offset: int
    first_rows: int
    started: float
    clock: Callable[[], float]

    def describe(self, rows: int) -> str:
        """Return the number of rows and their rate since this run began."""
        rate = (rows - self.first_rows) / max(self.clock() - self.started, 1e-9)
        return f"{rows:,} rows, {rate:,.0f} a second"

    def time_left(self, offset: int, size: int) -> timedelta:
        """Return the time that the rest takes at this speed."""
        done = max(offset - self.first_offset, 1)
        return timedelta(seconds=round((self.clock() - self.started) * (size - offset) / done))


def _lines(console: Console, size: int | None, speed: _Speed) -> Report:
    printed_at = speed.started

    def report(offset: int, rows: int) -> None:
        nonlocal printed_at
        if speed.clock() < printed_at + LINE_EVERY_S:
            return
        printed_at = speed.clock()
        share = f", {offset / size:.0%}, {speed.time_left(offset, size)} left" if size else ""
        console.print(f"{speed.describe(rows)}{share}")

    return report


@contextmanager
def _bar(console: Console, size: int | None, speed: _Speed) -> Iterator[Report]:
    columns = (
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %" if size else ""),
        TextColumn("{task.fields[speed]}", markup=False),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=size, completed=speed.first_offset, speed="")

        def report(offset: int, rows: int) -> None:
            bar.update(task, completed=offset, speed=speed.describe(rows))

        yield report
