"""Counters of requests and predictions, which ``func.telemetry.prometheus`` exposes.

They are plain numbers: counting a request takes a microsecond, and only the first scrape imports
the library that formats them.
"""

from __future__ import annotations

import math
import operator
import threading
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from http import HTTPStatus
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from func.messages import Outcome
from func.models.counts import OTHER, ModelCounts, bounded
from func.telemetry.request_record import RequestRecord
from model.inference.model_card import ModelCard
from model.inference.prediction import OUT_OF_SCOPE

if TYPE_CHECKING:
    from func.fallback.counts import FallbackCounts

KNOWN = "known"
UNKNOWN = "unknown"  # a method or route that the app does not know
# From the duration of a health check to the longest that a request may take.
DURATION_BOUNDS_S = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05),
    *(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)
CONFIDENCE_BOUNDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)


class RequestLabels(NamedTuple):
    """The labels of the counters of requests."""

    method: str
    route: str
    status: int
    kind: str


class Histogram:
    """Counts values by the smallest bound that they do not exceed.

    Attributes:
        sum: the sum of all values.
    """

    __slots__ = ("_bounds", "_counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Count a value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self.sum += value

    def add(self, other: Histogram) -> None:
        """Add the counts of another histogram with the same bounds."""
        self._counts = [*map(operator.add, self._counts, other._counts)]
        self.sum += other.sum

    @property
    def count(self) -> int:
        """The number of values."""
        return sum(self._counts)

    def buckets(self) -> list[tuple[float, int]]:
        """Return each bound, infinity last, with the number of values that do not exceed it."""
        return [*zip((*self._bounds, math.inf), accumulate(self._counts), strict=True)]


class Metrics:
    """The counters of a process; safe to count with from many threads.

    Attributes:
        card: the card of the served model.
        lock: held while counting; hold it to read consistent values.
        durations: of answered requests, by ``RequestLabels`` as a plain tuple.
        confidences: of predictions, by intent; each intent is present from the start, since a
            rate needs a first value.
        named: the number of predictions of named models, by name, version and scope.
        models: returns the counters of named models; None without such models.
        fallback: returns the counters of the fallback; None without one.
        refusals: the number of requests that the server refused.
        overload: the number of these that it refused because of overload.
        cold_start_s: from the start of the process until it served; None before.
        in_flight: returns the number of requests that wait for their response.
    """

    def __init__(self, card: ModelCard) -> None:
        self.card = card
        self.lock = threading.Lock()
        self.durations: defaultdict[tuple[str, str, int, str], Histogram] = defaultdict(
            partial(Histogram, DURATION_BOUNDS_S)
        )
        self.confidences = {
            intent: Histogram(CONFIDENCE_BOUNDS) for intent in (*card.labels, OUT_OF_SCOPE)
        }
        self.named: Counter[tuple[str, str, str]] = Counter()
        self._names: set[str] = set()
        self.models: Callable[[], ModelCounts] | None = None
        self.fallback: Callable[[], FallbackCounts] | None = None
        self.refusals: Counter[RequestLabels] = Counter()
        self.overload = 0
        self.cold_start_s: float | None = None
        self.in_flight: Callable[[], int] = int

    def count_responses(self, records: Iterable[RequestRecord]) -> None:
        """Count answered requests and their predictions."""
        with self.lock:
            for method, route, response, duration_s, *_ in records:
                outcome = response.outcome
                labels = (method or UNKNOWN, route or UNKNOWN, int(response.status), outcome.kind)
                self.durations[labels].observe(duration_s)
                if outcome.model:
                    self._count_named(outcome)
                    continue
                for prediction in outcome.predictions:
                    self.confidences[prediction["intent"]].observe(prediction["confidence"])

    def _count_named(self, outcome: Outcome) -> None:
        name = bounded(outcome.model, self._names)
        version = outcome.model_version if name == outcome.model else OTHER
        for prediction in outcome.predictions:
            scope = OUT_OF_SCOPE if prediction["intent"] == OUT_OF_SCOPE else KNOWN
            self.named[name, version, scope] += 1

    def count_refusals(self, method: str, status: HTTPStatus, count: int) -> None:
        """Count requests that the server refused before the app saw them."""
        with self.lock:
            self.refusals[RequestLabels(method, UNKNOWN, status.value, UNKNOWN)] += count
            if status is HTTPStatus.SERVICE_UNAVAILABLE:
                self.overload += count
