"""The counters in the formats of Prometheus and OpenMetrics, by Prometheus' own client library.

Imported by the first scrape, so that no start waits for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector, make_wsgi_app
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from func.metrics import Histogram, Metrics, RequestLabels
from func.version import VERSION


def create_app(metrics: Metrics) -> Callable[..., Iterable[bytes]]:
    """Build the WSGI application that shows some counters, and what the process takes."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(IntentCollector(metrics))
    ProcessCollector(registry=registry)
    app: Callable[..., Iterable[bytes]] = make_wsgi_app(registry)
    return app


class IntentCollector(Collector):
    """Gives the counters as families of metrics."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        """Give each family as it is now."""
        with self._metrics.lock:
            families = [self._requests(), self._durations(), self._refused()]
            families += [self._predictions(), self._confidences()]
        yield from families
        yield GaugeMetricFamily(
            "intent_requests_in_flight",
            "Requests that have arrived and wait for their answer",
            self._metrics.in_flight(),
        )
        yield self._model()
        if self._metrics.cold_start_s is not None:
            yield GaugeMetricFamily(
                "intent_cold_start_seconds",
                "From the start of the process until it served",
                self._metrics.cold_start_s,
            )

    def _requests(self) -> Metric:
        family = CounterMetricFamily(
            "intent_requests", "Requests that were answered", labels=RequestLabels._fields
        )
        for labels, count in self._metrics.requests.items():
            family.add_metric([str(label) for label in labels], count)
        return family

    def _durations(self) -> Metric:
        family = HistogramMetricFamily(
            "intent_request_duration_seconds",
            "Time to answer a request that has arrived, without waiting for a thread",
            labels=("method", "route"),
        )
        for labels, histogram in self._metrics.durations.items():
            _add(family, labels, histogram)
        return family

    def _refused(self) -> Metric:
        return CounterMetricFamily(
            "intent_requests_refused", "Requests refused for overload", self._metrics.refused
        )

    def _predictions(self) -> Metric:
        family = CounterMetricFamily(
            "intent_predictions", "Texts that were classified", labels=("intent",)
        )
        for intent, count in self._metrics.predictions.items():
            family.add_metric([intent], count)
        return family

    def _confidences(self) -> Metric:
        family = HistogramMetricFamily(
            "intent_prediction_confidence",
            "Confidence of the most likely known intent, for texts in and out of scope",
            labels=("scope",),
        )
        for scope, histogram in self._metrics.confidences.items():
            _add(family, (scope,), histogram)
        return family

    def _model(self) -> Metric:
        card = self._metrics.card
        info = {
            "sha256": card.model_sha256,
            "labels": str(len(card.labels)),
            "created": str(card.training.get("created", "")),
            "version": VERSION,
        }
        return InfoMetricFamily("intent_model", "The model that answers", info)


def _add(family: HistogramMetricFamily, labels: Iterable[str], histogram: Histogram) -> None:
    buckets = [
        ("+Inf" if bound == math.inf else str(bound), count) for bound, count in histogram.buckets()
    ]
    family.add_metric([*labels], buckets, histogram.sum)
