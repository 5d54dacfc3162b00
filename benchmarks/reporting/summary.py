"""Summaries of repeated loads, as JSON and as tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Self

from rich.table import Table

from benchmarks.load.closed_loop import Outcome


@dataclass(frozen=True, slots=True)
class Rate:
    """Summary of a load: medians over its rounds, and the errors of all rounds."""

    requests_per_s: float
    p50_ms: float
    p99_ms: float
    errors: int

    @classmethod
    def of(cls, rounds: Sequence[Outcome]) -> Self:
        """Summarize at least one round."""
        return cls(
            requests_per_s=median(outcome.requests_per_s for outcome in rounds),
            p50_ms=median(outcome.percentile_ms(50) for outcome in rounds),
            p99_ms=median(outcome.percentile_ms(99) for outcome in rounds),
            errors=sum(outcome.errors.total() for outcome in rounds),
        )


@dataclass(slots=True)
class Summary:
    """Measurements of one contender, one value per round.

    Attributes:
        outcomes: outcomes of each load, by the pattern's name.
        memory_mib: proportional set size of all its processes, after the load.
        right: share of single texts whose predicted intent was correct.
    """

    outcomes: dict[str, list[Outcome]] = field(default_factory=lambda: defaultdict(list))
    memory_mib: list[float] = field(default_factory=list)
    right: float | None = None

    @property
    def rates(self) -> dict[str, Rate]:
        """Return the summary of each load, by the pattern's name."""
        return {name: Rate.of(rounds) for name, rounds in self.outcomes.items()}

    def fields(self) -> dict[str, object]:
        """Return the fields for JSON."""
        loads = {name: asdict(rate) for name, rate in self.rates.items()}
        return {"memory_mib": median(self.memory_mib), "right": self.right, "loads": loads}


def memory_table(summaries: Mapping[str, Summary]) -> Table:
    """Return a table of memory and accuracy."""
    table = _table("Memory, and texts that were answered with their true intent", "MiB", "right")
    for name, summary in summaries.items():
        right = "" if summary.right is None else f"{summary.right:.1%}"
        table.add_row(name, f"{median(summary.memory_mib):.0f}", right)
    return table


def rate_table(title: str, rates: Mapping[str, Rate], bases: Mapping[str, str]) -> Table:
    """Return a table of one load for all contenders.

    Args:
        title: title of the table.
        rates: rates by the contender's name.
        bases: contenders to compare with, by the heading of the ratio's column.
    """
    known = {heading: rates[base] for heading, base in bases.items() if base in rates}
    table = _table(title, "requests/s", "p50 ms", "p99 ms", "errors", *known)
    for name, rate in rates.items():
        numbers = (f"{rate.requests_per_s:,.0f}", f"{rate.p50_ms:.2f}", f"{rate.p99_ms:.2f}")
        ratios = (f"{rate.requests_per_s / base.requests_per_s:.2f}x" for base in known.values())
        table.add_row(name, *numbers, str(rate.errors), *ratios)
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table("", title=title, title_justify="left")
    for column in columns:
        table.add_column(column, justify="right")
    return table
