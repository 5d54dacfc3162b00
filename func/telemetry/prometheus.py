"""The counters in the formats of Prometheus and OpenMetrics, by Prometheus' client library.

The first scrape imports this module, so that the start need not.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from prometheus_client import CollectorRegistry, ProcessCollector, make_wsgi_app
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from func.fallback.counts import RESULTS, FallbackCounts
from func.models.counts import ModelCounts
from func.telemetry.metrics import (
    CONFIDENCE_BOUNDS,
    DURATION_BOUNDS_S,
    KNOWN,
    Histogram,
    Metrics,
    RequestLabels,
)
from func.version import VERSION
from model.inference.model_card import ModelCard
from model.inference.prediction import OUT_OF_SCOPE


def create_app(metrics: Metrics) -> Callable[..., Iterable[bytes]]:
    """Return the WSGI application that exposes the counters and the resources of the process."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(IntentCollector(metrics))
    ProcessCollector(registry=registry)
    app: Callable[..., Iterable[bytes]] = make_wsgi_app(registry)
    return app


class IntentCollector(Collector):
    """Converts the counters into families of metrics."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        """Yield each family with its current values."""
        metrics = self._metrics
        with metrics.lock:
            families = [_requests(metrics), _durations(metrics), _refused(metrics)]
            families += [_predictions(metrics), _confidences(metrics)]
            if metrics.models:
                families.append(_named_predictions(metrics))
        yield from families
        if metrics.models:
            yield from _named_models(metrics.models())
        if metrics.fallback:
            yield from _fallback(metrics.fallback())
        yield GaugeMetricFamily(
            "intent_requests_in_flight",
            "Requests that have arrived and wait for their answer",
            metrics.in_flight(),
        )
        if metrics.cold_start_s is not None:
            yield GaugeMetricFamily(
                "intent_cold_start_seconds",
                "From the start of the process until it served",
                metrics.cold_start_s,
            )
        yield _model(metrics.card)


def _requests(metrics: Metrics) -> Metric:
    family = CounterMetricFamily(
        "intent_requests", "Requests that were answered or refused", labels=RequestLabels._fields
    )
    for answered, histogram in metrics.durations.items():
        family.add_metric([*map(str, answered)], histogram.count)
    for refused, count in metrics.refusals.items():
        family.add_metric([*map(str, refused)], count)
    return family


def _durations(metrics: Metrics) -> Metric:
    by_route: defaultdict[tuple[str, ...], Histogram] = defaultdict(
        partial(Histogram, DURATION_BOUNDS_S)
    )
    for (method, route, *_), histogram in metrics.durations.items():
        by_route[method, route].add(histogram)
    return _histograms(
        "intent_request_duration_seconds",
        "Time to find the answer to a request that has arrived, without waiting for a thread",
        ("method", "route"),
        by_route,
    )


def _refused(metrics: Metrics) -> Metric:
    return CounterMetricFamily(
        "intent_requests_refused", "Requests refused for overload", metrics.overload
    )


def _predictions(metrics: Metrics) -> Metric:
    family = CounterMetricFamily(
        "intent_predictions", "Texts that were classified", labels=("intent",)
    )
    for intent, histogram in metrics.confidences.items():
        family.add_metric([intent], histogram.count)
    return family


def _named_predictions(metrics: Metrics) -> Metric:
    family = CounterMetricFamily(
        "intent_named_model_predictions",
        "Texts that were classified by models that requests name",
        labels=("model", "version", "scope"),
    )
    for labels, count in metrics.named.items():
        family.add_metric(labels, count)
    return family


def _named_models(counts: ModelCounts) -> Iterator[Metric]:
    yield GaugeMetricFamily("intent_named_models", "Named models in memory", counts.models)
    yield GaugeMetricFamily(
        "intent_named_models_bytes", "Memory of named models, estimated", counts.size
    )
    family = CounterMetricFamily(
        "intent_named_model_events",
        "Loads, failed loads, replacements, failed ones, and evictions of named models",
        labels=("model", "event"),
    )
    for (name, event), count in counts.events.items():
        family.add_metric([name, event], count)
    yield family


def _fallback(counts: FallbackCounts) -> Iterator[Metric]:
    family = CounterMetricFamily(
        "intent_fallback_texts",
        "Texts that the fallback answered, and by the reason those that it did not",
        labels=("result",),
    )
    for result in RESULTS:
        family.add_metric([result], counts.results[result])
    yield family
    yield GaugeMetricFamily(
        "intent_fallback_breaker_open",
        "1 while the circuit breaker keeps texts from the fallback",
        int(counts.is_open),
    )


def _confidences(metrics: Metrics) -> Metric:
    by_scope: dict[tuple[str, ...], Histogram] = {
        (scope,): Histogram(CONFIDENCE_BOUNDS) for scope in (KNOWN, OUT_OF_SCOPE)
    }
    for intent, histogram in metrics.confidences.items():
        by_scope[OUT_OF_SCOPE if intent == OUT_OF_SCOPE else KNOWN,].add(histogram)
    return _histograms(
        "intent_prediction_confidence",
        "Probability of the returned intent, of texts classified as in and out of scope",
        ("scope",),
        by_scope,
    )


def _histograms(
    name: str, text: str, names: Sequence[str], histograms: Mapping[tuple[str, ...], Histogram]
) -> Metric:
    family = HistogramMetricFamily(name, text, labels=names)
    for labels, histogram in histograms.items():
        buckets = [
            ("+Inf" if bound == math.inf else str(bound), count)
            for bound, count in histogram.buckets()
        ]
        family.add_metric(labels, buckets, histogram.sum)
    return family


def _model(card: ModelCard) -> Metric:
    info = {
        "sha256": card.model_sha256,
        "labels": str(len(card.labels)),
        "created": str(card.training.get("created", "")),
        "version": VERSION,
    }
    return InfoMetricFamily("intent_model", "The model that answers", info)
