"""Counters of what was answered, which ``func.telemetry.prometheus`` shows.

They are plain numbers: to count a request takes a microsecond, and the library that writes them
down is imported by the first who asks for them.
"""

from __future__ import annotations

import math
import operator
import os
import threading
import time
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from http import HTTPStatus
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from func.telemetry.request_record import RequestRecord
from model.inference.model_card import ModelCard
from model.inference.prediction import OUT_OF_SCOPE

UNKNOWN = "unknown"  # a method or route that is none of ours
# From what a health check takes to the time that a request may take.
DURATION_BOUNDS_S = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05),
    *(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)
CONFIDENCE_BOUNDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)

_STAT = Path("/proc/self/stat")
_START_TIME = 22 - 3  # its place in proc(5), in what follows the command's name


class RequestLabels(NamedTuple):
    """What requests are told apart by."""

    method: str
    route: str
    status: int
    kind: str


class Histogram:
    """Counts values by the least bound that they do not exceed.

    Attributes:
        sum: of all values.
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
        """Count what another one of the same bounds has counted."""
        self._counts = [*map(operator.add, self._counts, other._counts)]
        self.sum += other.sum

    @property
    def count(self) -> int:
        """How many values were counted."""
        return sum(self._counts)

    def buckets(self) -> list[tuple[float, int]]:
        """Give each bound, infinity last, with how many values do not exceed it."""
        return [*zip((*self._bounds, math.inf), accumulate(self._counts), strict=True)]


class Metrics:
    """The counters of a process; safe to count with from many threads.

    Attributes:
        card: of the model that answers.
        lock: held while counting; hold it to read what belongs together.
        durations: of the requests that were answered, by ``RequestLabels`` as a plain tuple.
        confidences: of predictions, by intent; one that was never predicted is there, too, since
            a rate needs a first value.
        refusals: how many requests the server refused.
        overload: how many of these for overload.
        cold_start_s: from the start of the process until it served; None until then.
        in_flight: tells how many requests wait for their answer now.
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
        self.refusals: Counter[RequestLabels] = Counter()
        self.overload = 0
        self.cold_start_s: float | None = None
        self.in_flight: Callable[[], int] = int

    def count_answers(self, exchanges: Iterable[RequestRecord]) -> None:
        """Count requests, and the predictions that answered them."""
        with self.lock:
            for method, route, answer, duration_s, *_ in exchanges:
                labels = (method or UNKNOWN, route or UNKNOWN, int(answer.status), answer.kind)
                self.durations[labels].observe(duration_s)
                for prediction in answer.predictions:
                    self.confidences[prediction["intent"]].observe(prediction["confidence"])

    def count_refusals(self, method: str, status: HTTPStatus, count: int) -> None:
        """Count requests that the server refused before the app saw them."""
        with self.lock:
            self.refusals[RequestLabels(method, UNKNOWN, status.value, UNKNOWN)] += count
            if status is HTTPStatus.SERVICE_UNAVAILABLE:
                self.overload += count


def seconds_since_start() -> float:
    """Give the age of this process, which the system knows to a hundredth of a second."""
    start_ticks = int(_STAT.read_text().rpartition(")")[2].split()[_START_TIME])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - start_ticks / os.sysconf("SC_CLK_TCK")
