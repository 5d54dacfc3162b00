"""Exposition in the Prometheus and OpenMetrics formats, read by the library's own parsers."""

from __future__ import annotations

import re
from collections import Counter
from http import HTTPStatus
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_prometheus
from werkzeug.test import Client

from func.fallback.counts import RESULTS, FallbackCounts, Result
from func.messages import Outcome, Response
from func.telemetry.metrics import Metrics
from func.telemetry.prometheus import create_app
from func.telemetry.request_record import RequestRecord
from tests.support.paths import ROOT

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
FORMATS = [
    pytest.param("text/plain", parse_prometheus, id="prometheus"),
    pytest.param(OPENMETRICS, parse_openmetrics, id="openmetrics"),
]


@pytest.fixture
def metrics(small_model) -> Metrics:
    """Counters with at least one count each."""
    metrics = Metrics(small_model.card)
    known = {"intent": "greeting", "confidence": 0.75}
    unknown = {"intent": "out_of_scope", "confidence": 0.25}
    response = Response(outcome=Outcome("batch", [known, known, unknown], 3))
    metrics.count_responses(
        [
            RequestRecord("POST", "/", response, 0.02, 0.0, {}, is_cold=False),
            RequestRecord(
                "POST", "/", Response(status=HTTPStatus.NOT_FOUND), 0.5, 0.0, {}, is_cold=False
            ),
            RequestRecord(
                None, None, Response(status=HTTPStatus.NOT_FOUND), 0.0, 0.0, {}, is_cold=False
            ),
        ]
    )
    metrics.count_refusals("POST", HTTPStatus.SERVICE_UNAVAILABLE, 7)
    metrics.cold_start_s = 0.375
    metrics.in_flight = lambda: 3
    return metrics


def scrape(metrics: Metrics, accept: str, parse: Any) -> dict[Any, float]:
    """Return the samples of a scrape by name and labels, without buckets."""
    response = Client(create_app(metrics)).get("/metrics", headers={"Accept": accept})
    return {
        (sample.name, *(f"{key}={value}" for key, value in sorted(sample.labels.items()))): value
        for family in parse(response.text)
        for sample in family.samples
        if not sample.name.startswith("process_") and not sample.name.endswith("_bucket")
        for value in [sample.value]
    }


@pytest.mark.parametrize(("accept", "parse"), FORMATS)
def test_each_metric_is_shown(metrics, small_model, accept, parse):
    """Both formats contain all metrics, also those of intents that were never predicted."""
    shown = scrape(metrics, accept, parse)
    sha256 = small_model.card.model_sha256
    created = small_model.card.training["created"]
    requests, durations = "intent_requests_total", "intent_request_duration_seconds"

    assert shown == {
        (requests, "kind=batch", "method=POST", "route=/", "status=200"): 1,
        (requests, "kind=http", "method=POST", "route=/", "status=404"): 1,
        (requests, "kind=http", "method=unknown", "route=unknown", "status=404"): 1,
        (requests, "kind=unknown", "method=POST", "route=unknown", "status=503"): 7,
        (f"{durations}_count", "method=POST", "route=/"): 2,
        (f"{durations}_sum", "method=POST", "route=/"): 0.52,
        (f"{durations}_count", "method=unknown", "route=unknown"): 1,
        (f"{durations}_sum", "method=unknown", "route=unknown"): 0,
        ("intent_requests_refused_total",): 7,
        ("intent_predictions_total", "intent=greeting"): 2,
        ("intent_predictions_total", "intent=order_tracking"): 0,
        ("intent_predictions_total", "intent=password_reset"): 0,
        ("intent_predictions_total", "intent=out_of_scope"): 1,
        ("intent_prediction_confidence_count", "scope=known"): 2,
        ("intent_prediction_confidence_sum", "scope=known"): 1.5,
        ("intent_prediction_confidence_count", "scope=out_of_scope"): 1,
        ("intent_prediction_confidence_sum", "scope=out_of_scope"): 0.25,
        ("intent_requests_in_flight",): 3,
        ("intent_cold_start_seconds",): 0.375,
        (
            "intent_model_info",
            f"created={created}",
            "labels=3",
            f"sha256={sha256}",
            "version=1.0.0",
        ): 1,
    }


def test_documentation_lists_each_metric(metrics):
    """The documented table has exactly the exposed metrics, with their types and labels."""
    response = Client(create_app(metrics)).get("/metrics")
    shown = {
        (family.name + "_total" * (family.type == "counter"), family.type): {
            label for sample in family.samples for label in sample.labels if label != "le"
        }
        for family in parse_prometheus(response.text)
        if not family.name.startswith("process_")
    }
    row = re.compile(r"^\| `(intent_\w+)` \| (\w+) \| ([^|]*)\|", re.MULTILINE)
    documented = {
        (name, kind): set(re.findall(r"\w+", labels))
        for name, kind, labels in row.findall((ROOT / "docs" / "observability.md").read_text())
    }

    assert documented == shown


@pytest.mark.parametrize(("accept", "parse"), FORMATS)
def test_buckets_are_cumulative(metrics, accept, parse):
    """Each bucket counts all values up to its bound; the last bound is infinity."""
    response = Client(create_app(metrics)).get("/metrics", headers={"Accept": accept})
    counts = {
        float(sample.labels["le"]): sample.value
        for family in parse(response.text)
        for sample in family.samples
        if sample.name == "intent_prediction_confidence_bucket"
        and sample.labels["scope"] == "known"
    }

    assert (counts[0.7], counts[0.8], counts[float("inf")]) == (0, 2, 2)


def test_cold_start_is_left_out_while_it_is_not_known(small_model):
    """The cold start's metric is absent until the process serves."""
    shown = scrape(Metrics(small_model.card), "text/plain", parse_prometheus)

    assert ("intent_cold_start_seconds",) not in shown


def test_fallback_has_a_series_for_each_result(metrics):
    """A rate needs a first value."""
    results = Counter[Result]({"answered": 5, "timeout": 2})
    metrics.fallback = lambda: FallbackCounts(results, is_open=True)
    shown = scrape(metrics, "text/plain", parse_prometheus)
    counted = {key[1]: value for key, value in shown.items() if "fallback_texts_total" in key[0]}

    assert counted == {f"result={result}": results[result] for result in RESULTS}
    assert shown["intent_fallback_breaker_open",] == 1
