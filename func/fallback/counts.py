"""Counters of the fallback, for the metrics."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal, get_args

from func.outgoing.errors import Reason

Result = Literal["answered", "busy", "open", Reason]
RESULTS: tuple[Result, ...] = get_args(Result)


@dataclass(frozen=True, slots=True)
class FallbackCounts:
    """The results of doubtful texts since the start.

    Attributes:
        results: the number of texts that the fallback answered, and of those that it did not, by
            the reason: ``busy`` and ``open`` (the circuit breaker) mean that it was not asked.
        is_open: whether the circuit breaker is open now.
    """

    results: Counter[Result] = field(default_factory=Counter)
    is_open: bool = False
