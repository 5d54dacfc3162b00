"""What is told of each request: a line of the log and, where they are wanted, counters and a span."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Self

from func.http import Answer, Environ
from func.logs import RequestLogger
from func.metrics import Metrics, RequestLabels
from func.settings import Settings
from func.trace_context import carrier_of, trace_id_of
from model.model_card import ModelCard

if TYPE_CHECKING:
    from func.traces import Traces

logger = logging.getLogger(__name__)

METHODS = frozenset(("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"))
PROBES = frozenset(
    (
        *("/health", "/health/liveness", "/health/readiness"),
        *("/v2/health/live", "/v2/health/ready"),
    )
)
UNKNOWN = "unknown"
ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


class Telemetry:
    """Tells of requests; safe to call from many threads.

    Attributes:
        metrics: the counters; None where they are not wanted.
    """

    def __init__(
        self, *, metrics: Metrics | None = None, traces: Traces | None = None, revision: str = ""
    ) -> None:
        self.metrics = metrics
        self._traces = traces
        self._revision = {"revision": revision} if revision else {}
        self._requests = RequestLogger()
        self._number = itertools.count()  # next() of it is atomic

    @classmethod
    def start(cls, settings: Settings, card: ModelCard, environ: Mapping[str, str]) -> Self:
        """Start what the settings, and the variables of Knative and OpenTelemetry, ask for."""
        revision = environ.get("K_REVISION", "")
        traces = _start_traces(revision) if any(map(environ.get, ENDPOINTS)) else None
        metrics = Metrics(card) if settings.metrics_port is not None else None
        return cls(metrics=metrics, traces=traces, revision=revision)

    def tell(self, environ: Environ, route: str | None, start: float, answer: Answer) -> None:
        """Tell of a request that was answered.

        Args:
            environ: of the request; a method that HTTP does not know is not quoted.
            route: the path, if it is one of ours; None for any other.
            start: when the request came in, by ``time.perf_counter``.
            answer: what was sent back.
        """
        duration_s = time.perf_counter() - start
        method = environ["REQUEST_METHOD"]
        if method not in METHODS:
            method = None
        is_cold = route not in PROBES and next(self._number) == 0
        if self.metrics:
            self.metrics.count_answer(method or UNKNOWN, route or UNKNOWN, answer, duration_s)
        fields: dict[str, object] = {
            "method": method,
            "route": route,
            "status": int(answer.status),
            "duration_ms": round(duration_s * 1000, 2),
            **answer.told,
            **self._revision,
        }
        carrier = carrier_of(environ, answer.event)
        if self._traces and route not in PROBES:
            fields["trace_id"] = self._traces.record(
                method, route, answer, duration_s, carrier, is_cold=is_cold
            )
        elif carrier:
            fields["trace_id"] = trace_id_of(carrier["traceparent"])
        if is_cold:
            fields["cold"] = True
        self._requests.log(fields)

    def tell_refusal(self, status: int) -> None:
        """Tell of a request that the server refused before the app saw it."""
        self._count_refusals(UNKNOWN, status, 1)
        self._requests.log({"method": None, "route": None, "status": int(status)})

    def tell_overload(self, count: int) -> None:
        """Tell how many requests were refused since the last time because of overload."""
        self._count_refusals("POST", HTTPStatus.SERVICE_UNAVAILABLE, count)
        logger.warning("overloaded", extra={"fields": {"status": 503, "refused": count}})

    def close(self) -> None:
        """Send the spans that have not been sent."""
        if self._traces:
            self._traces.close()

    def _count_refusals(self, method: str, status: int, count: int) -> None:
        if self.metrics:
            labels = RequestLabels(method, UNKNOWN, status, UNKNOWN)
            is_overload = status == HTTPStatus.SERVICE_UNAVAILABLE
            self.metrics.count_refusals(labels, count, is_overload=is_overload)


def _start_traces(revision: str) -> Traces:
    from func.traces import Traces  # noqa: PLC0415 - its libraries are a third of a start

    return Traces.start(revision)
