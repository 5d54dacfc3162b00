"""Counters: the events that they count, and the buckets of histograms."""

from __future__ import annotations

import math
import threading
from http import HTTPStatus

import pytest

from func.messages import Outcome, Response
from func.telemetry.metrics import Histogram, Metrics
from func.telemetry.request_record import RequestRecord

PREDICTION = {"intent": "greeting", "confidence": 0.75}
RESPONSE = Response(outcome=Outcome(predictions=[PREDICTION]))
ANSWERED = RequestRecord("POST", "/predict", RESPONSE, 0.25, 0.0, {}, is_cold=False)


@pytest.fixture
def metrics(small_model) -> Metrics:
    """Counters of the small model."""
    return Metrics(small_model.card)


def test_value_falls_into_the_first_bucket_that_holds_it():
    """A bucket includes its upper bound, as in Prometheus; the last one has no bound."""
    histogram = Histogram((1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 9.0):
        histogram.observe(value)

    assert histogram.buckets() == [(1.0, 2), (2.0, 3), (math.inf, 4)]
    assert (histogram.count, histogram.sum) == (4, 12.0)


def test_histograms_add_up():
    """Adding a histogram adds its counts and its sum."""
    histogram, other = Histogram((1.0,)), Histogram((1.0,))
    histogram.observe(0.5)
    other.observe(2.0)
    histogram.add(other)

    assert histogram.buckets() == [(1.0, 1), (math.inf, 2)]
    assert histogram.sum == 2.5


def test_each_prediction_of_a_batch_counts(metrics):
    """A request of two texts counts as one request and two predictions."""
    unknown = {"intent": "out_of_scope", "confidence": 0.5}
    batch = Response(outcome=Outcome(predictions=[PREDICTION, unknown], batch_size=2))
    metrics.count_responses([ANSWERED, ANSWERED._replace(response=batch)])

    counts = {intent: histogram.count for intent, histogram in metrics.confidences.items()}
    assert counts == {"greeting": 2, "order_tracking": 0, "password_reset": 0, "out_of_scope": 1}
    assert [histogram.count for histogram in metrics.durations.values()] == [2]


def test_overload_is_counted_separately(metrics):
    """Rejections are counted by status; those due to overload also in a counter of their own."""
    metrics.count_refusals("unknown", HTTPStatus.BAD_REQUEST, 1)
    metrics.count_refusals("POST", HTTPStatus.SERVICE_UNAVAILABLE, 3)

    assert metrics.overload == 3
    assert list(metrics.refusals.values()) == [1, 3]


def test_no_count_is_lost_between_threads(metrics):
    """The event loop and other threads may count concurrently."""
    threads = [
        threading.Thread(target=lambda: [metrics.count_responses([ANSWERED]) for _ in range(500)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert metrics.confidences["greeting"].count == 2000
