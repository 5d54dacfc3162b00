"""Counters of what was answered, which ``func.exposition`` shows.

They are plain numbers: to count a request takes a microsecond, and the library that writes them
down is imported by the first who asks for them.
"""

from __future__ import annotations

import math
import os
import threading
import time
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from func.http import Answer
from model.model_card import ModelCard
from model.prediction import OUT_OF_SCOPE

KNOWN = "known"
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

    def buckets(self) -> list[tuple[float, int]]:
        """Give each bound, infinity last, with how many values do not exceed it."""
        totals, total = [], 0
        for bound, count in zip((*self._bounds, math.inf), self._counts, strict=True):
            total += count
            totals.append((bound, total))
        return totals


class Metrics:
    """The counters of a process; safe to count with from many threads.

    Attributes:
        card: of the model that answers.
        lock: held while counting; hold it to read what belongs together.
        requests, durations, predictions, confidences, refused: what was counted.
        cold_start_s: from the start of the process until it served; None until then.
        in_flight: tells how many requests wait for their answer now.
    """

    def __init__(self, card: ModelCard) -> None:
        self.card = card
        self.lock = threading.Lock()
        self.requests: Counter[RequestLabels] = Counter()
        self.durations: defaultdict[tuple[str, str], Histogram] = defaultdict(
            partial(Histogram, DURATION_BOUNDS_S)
        )
        # An intent that was never predicted has to be there, too: rates need a first value.
        self.predictions = dict.fromkeys((*card.labels, OUT_OF_SCOPE), 0)
        self.confidences = {scope: Histogram(CONFIDENCE_BOUNDS) for scope in (KNOWN, OUT_OF_SCOPE)}
        self.refused = 0
        self.cold_start_s: float | None = None
        self.in_flight: Callable[[], int] = int

    def count_answer(self, method: str, route: str, answer: Answer, duration_s: float) -> None:
        """Count a request, and the predictions that answered it."""
        labels = RequestLabels(method, route, answer.status, answer.kind)
        with self.lock:
            self.requests[labels] += 1
            self.durations[method, route].observe(duration_s)
            for prediction in answer.predictions:
                intent = prediction["intent"]
                self.predictions[intent] += 1
                scope = OUT_OF_SCOPE if intent == OUT_OF_SCOPE else KNOWN
                self.confidences[scope].observe(prediction["confidence"])

    def count_refusals(self, labels: RequestLabels, count: int, *, is_overload: bool) -> None:
        """Count requests that the server refused."""
        with self.lock:
            self.requests[labels] += count
            self.refused += count * is_overload


def seconds_since_start() -> float:
    """Give the age of this process, which the system knows to a hundredth of a second."""
    start_ticks = int(_STAT.read_text().rpartition(")")[2].split()[_START_TIME])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - start_ticks / os.sysconf("SC_CLK_TCK")
