"""What is told of each request: a line of the log and, where wanted, counters and a span."""

from __future__ import annotations

import contextlib
import itertools
import logging
import math
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Self

from func.messages import Environ, PendingRequest, Response
from func.settings import Settings, SettingsError
from func.telemetry.logs import REQUEST, LineLog, RequestLog
from func.telemetry.metrics import UNKNOWN, Metrics
from func.telemetry.request_record import RequestRecord
from func.telemetry.trace_context import carrier_of, trace_id_of
from model.inference.model_card import ModelCard

if TYPE_CHECKING:
    from func.telemetry.tracing import Traces

logger = logging.getLogger(__name__)

METHODS = frozenset(("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"))
PROBES = frozenset(
    (
        *("/health", "/health/liveness", "/health/readiness"),
        *("/v2/health/live", "/v2/health/ready"),
    )
)
MAX_WAITING = 256
MAX_WAITING_BYTES = 16 * 1024  # of an answer: a larger one is not kept for long
SETTLE_EVERY_S = 0.05
ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


class TracesError(SettingsError):
    """One of OpenTelemetry's variables has a value that can't be used."""

    def __init__(self, error: ValueError) -> None:
        Exception.__init__(self, f"OpenTelemetry's variables can't be used: {error}")


class Telemetry:
    """Tells of requests; safe to call from many threads.

    What is told waits until the answers of a turn of the event loop are sent, and is then written
    for all of them together, which takes half of the time.

    Attributes:
        metrics: the counters; None where they are not wanted.
    """

    def __init__(
        self,
        *,
        log: RequestLog | None = None,
        metrics: Metrics | None = None,
        traces: Traces | None = None,
    ) -> None:
        self.metrics = metrics
        self._log = log or RequestLog()
        self._traces = traces
        self._number = itertools.count()  # next() of it is atomic
        self._buffered: deque[RequestRecord] = deque()
        self._most_waiting = 0
        self._settle_at = 0.0

    @classmethod
    def start(cls, settings: Settings, card: ModelCard, environ: Mapping[str, str]) -> Self:
        """Start what the settings, and the variables of Knative and OpenTelemetry, ask for."""
        revision = environ.get("K_REVISION", "")
        is_json = settings.log_format == "json"
        return cls(
            log=LineLog(sys.stderr, revision) if is_json else RequestLog(revision),
            metrics=Metrics(card) if settings.metrics_port is not None else None,
            traces=_start_traces(revision) if any(map(environ.get, ENDPOINTS)) else None,
        )

    def record(self, environ: Environ, route: str | None, start: float, answer: Response) -> None:
        """Tell of a request that was answered.

        Args:
            environ: of the request; a method that HTTP does not know is not quoted.
            route: the path, if it is one of ours; None for any other.
            start: when the request came in, by ``time.perf_counter``.
            answer: what was sent back.
        """
        self._record(environ, route, answer, time.perf_counter() - start, time.time())

    def record_all(self, posts: Sequence[PendingRequest], answers: Sequence[Response]) -> None:
        """Tell of requests to our paths that were answered together."""
        end, ended_at_s = time.perf_counter(), time.time()
        for (environ, start), answer in zip(posts, answers, strict=True):
            self._record(environ, environ["PATH_INFO"], answer, end - start, ended_at_s)

    def _record(
        self,
        environ: Environ,
        route: str | None,
        answer: Response,
        duration_s: float,
        ended_at_s: float,
    ) -> None:
        method = environ["REQUEST_METHOD"]
        exchange = RequestRecord(
            method if method in METHODS else None,
            route,
            answer,
            duration_s,
            ended_at_s,
            carrier_of(environ, answer.event),
            is_cold=route not in PROBES and next(self._number) == 0,
        )
        self._buffered.append(exchange)
        if len(self._buffered) > self._most_waiting or len(answer.body) > MAX_WAITING_BYTES:
            self.flush()

    def record_refusal(self, status: HTTPStatus) -> None:
        """Tell of a request that the server refused before the app saw it."""
        self._count_refusals(UNKNOWN, status, 1)
        fields = {"method": None, "route": None, "status": status.value}
        logger.info(REQUEST, extra={"fields": fields})

    def record_overload(self, count: int) -> None:
        """Tell how many requests were refused since the last time because of overload."""
        self._count_refusals("POST", HTTPStatus.SERVICE_UNAVAILABLE, count)
        logger.warning("overloaded", extra={"fields": {"status": 503, "refused": count}})

    def buffer_records(self) -> None:
        """Let what is told wait from now on: somebody calls ``settle_due`` again and again."""
        self._most_waiting = MAX_WAITING

    def flush_if_due(self, now: float) -> float:
        """Write what was told, unless that was done a moment ago.

        Args:
            now: by ``time.monotonic``.

        Returns:
            In how many seconds to call again; infinity if nothing waits.
        """
        if not self._buffered:
            return math.inf
        if now >= self._settle_at:
            self._settle_at = now + SETTLE_EVERY_S
            self.flush()
            return math.inf
        return self._settle_at - now

    def flush(self) -> None:
        """Write what was told: count it, trace it, log it. Whatever goes wrong stops no answer."""
        records = []
        # The length is that of a moment: another thread may add or take some.
        with contextlib.suppress(IndexError):
            while True:
                records.append(self._buffered.popleft())
        try:
            self._write(records)
        except Exception:
            logger.exception("Telemetry failed")

    def close(self) -> None:
        """Write what was told, let nothing wait any more, and send the spans that do."""
        self._most_waiting = 0
        self.flush()
        if self._traces:
            self._traces.close()

    def _write(self, records: Sequence[RequestRecord]) -> None:
        if self.metrics:
            self.metrics.count_answers(records)
        traced = [(exchange, self._trace_id(exchange)) for exchange in records]
        if records and logger.isEnabledFor(logging.INFO):
            self._log.write(traced)

    def _trace_id(self, exchange: RequestRecord) -> str | None:
        # Probes are many and tell nothing.
        if self._traces and exchange.route not in PROBES:
            return self._traces.record(exchange)
        return trace_id_of(exchange.carrier["traceparent"]) if exchange.carrier else None

    def _count_refusals(self, method: str, status: HTTPStatus, count: int) -> None:
        if self.metrics:
            self.metrics.count_refusals(method, status, count)


def _start_traces(revision: str) -> Traces:
    try:
        from func.telemetry.tracing import Traces  # noqa: PLC0415 - its libraries are a third of a start

        return Traces.start(revision)
    except ValueError as error:  # the libraries read some variables when they are imported
        raise TracesError(error) from error
