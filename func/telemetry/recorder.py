"""Records each request: a log line and, if enabled, counters and a span."""

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

from func.messages import Deferred, Environ, PendingRequest, Response
from func.settings import Settings, SettingsError
from func.telemetry.logs import REQUEST, LineLog, RequestLog, level_of
from func.telemetry.metrics import UNKNOWN, Metrics
from func.telemetry.request_record import PROBES, RequestRecord, route_of
from func.telemetry.trace_context import carrier_of, trace_id_of
from model.inference.model_card import ModelCard

if TYPE_CHECKING:
    from func.telemetry.tracing import Traces

logger = logging.getLogger(__name__)

METHODS = frozenset(("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"))
MAX_BUFFERED = 256
MAX_BUFFERED_BYTES = 16 * 1024  # of a response: a larger one is not kept for long
FLUSH_INTERVAL_S = 0.05
ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


class TracesError(SettingsError):
    """One of OpenTelemetry's variables has an invalid value."""

    def __init__(self, error: ValueError) -> None:
        Exception.__init__(self, f"OpenTelemetry's variables can't be used: {error}")


class Telemetry:
    """Records requests; safe to call from many threads.

    Under our server, records are buffered until the responses of an iteration of the event loop
    are sent, and then written together, which takes half the time.

    Attributes:
        metrics: the counters; None if they are disabled.
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
        self._number = itertools.count()  # its next() is atomic
        self._buffered: deque[RequestRecord] = deque()
        self._max_buffered = 0
        self._flush_at = 0.0

    @classmethod
    def start(cls, settings: Settings, card: ModelCard, environ: Mapping[str, str]) -> Self:
        """Start the telemetry that the settings and the variables of OpenTelemetry enable."""
        revision = environ.get("K_REVISION", "")
        is_json = settings.log_format == "json"
        return cls(
            log=LineLog(sys.stderr, revision) if is_json else RequestLog(revision),
            metrics=Metrics(card) if settings.metrics_port is not None else None,
            traces=_start_traces(revision) if any(map(environ.get, ENDPOINTS)) else None,
        )

    def record(self, environ: Environ, route: str | None, start: float, response: Response) -> None:
        """Record a request that arrived at ``start``, by ``time.perf_counter``.

        ``route`` is its path if that is one of ours, None for any other.
        """
        self._record(environ, route, response, time.perf_counter() - start, time.time())

    def record_all(
        self, pending: Sequence[PendingRequest], answers: Sequence[Response | Deferred]
    ) -> None:
        """Record requests to paths of ours that were answered together, but no deferred answer."""
        end, ended_at_s = time.perf_counter(), time.time()
        for (environ, start, _), answer in zip(pending, answers, strict=True):
            if isinstance(answer, Response):
                route = route_of(environ["PATH_INFO"])
                self._record(environ, route, answer, end - start, ended_at_s)

    def _record(
        self,
        environ: Environ,
        route: str | None,
        response: Response,
        duration_s: float,
        ended_at_s: float,
    ) -> None:
        method = environ["REQUEST_METHOD"]
        record = RequestRecord(
            method if method in METHODS else None,
            route,
            response,
            duration_s,
            ended_at_s,
            carrier_of(environ, response.outcome.event),
            is_cold=route not in PROBES and next(self._number) == 0,
        )
        self._buffered.append(record)
        if len(self._buffered) > self._max_buffered or len(response.body) > MAX_BUFFERED_BYTES:
            self.flush()

    def record_refusal(self, status: HTTPStatus) -> None:
        """Record a request that the server refused before the app saw it."""
        if self.metrics:
            self.metrics.count_refusals(UNKNOWN, status, 1)
        fields = {"method": None, "route": None, "status": status.value}
        logger.info(REQUEST, extra={"fields": fields})

    def record_overload(self, count: int) -> None:
        """Record the number of requests refused because of overload since the last call."""
        if self.metrics:
            self.metrics.count_refusals("POST", HTTPStatus.SERVICE_UNAVAILABLE, count)
        logger.warning("overloaded", extra={"fields": {"status": 503, "refused": count}})

    def buffer_records(self) -> None:
        """Buffer records from now on; the caller must call ``flush_if_due`` regularly."""
        self._max_buffered = MAX_BUFFERED

    def flush_if_due(self, now: float) -> float:
        """Write the buffered records, unless the last write was a moment ago.

        Return the seconds until the next call is due; infinity if nothing is buffered.
        """
        if not self._buffered:
            return math.inf
        if now >= self._flush_at:
            self._flush_at = now + FLUSH_INTERVAL_S
            self.flush()
            return math.inf
        return self._flush_at - now

    def flush(self) -> None:
        """Count, trace and log the buffered records; an error is logged, never raised."""
        records = []
        # Other threads add and take records meanwhile.
        with contextlib.suppress(IndexError):
            while True:
                records.append(self._buffered.popleft())
        try:
            self._write(records)
        except Exception:
            logger.exception("Telemetry failed")

    def close(self) -> None:
        """Write the buffered records, stop buffering, and send the remaining spans."""
        self._max_buffered = 0
        self.flush()
        if self._traces:
            self._traces.close()

    def _write(self, records: Sequence[RequestRecord]) -> None:
        if self.metrics:
            self.metrics.count_responses(records)
        traced = [(record, self._trace_id(record)) for record in records]
        if logged := [entry for entry in traced if logger.isEnabledFor(level_of(entry[0]))]:
            self._log.write(logged)

    def _trace_id(self, record: RequestRecord) -> str | None:
        # Spans of probes would be many and useless.
        if self._traces and not record.is_probe:
            return self._traces.record(record)
        return trace_id_of(record.carrier["traceparent"]) if record.carrier else None


def _start_traces(revision: str) -> Traces:
    try:
        from func.telemetry.tracing import Traces  # noqa: PLC0415 - its libraries are a third of a start

        return Traces.start(revision)
    except ValueError as error:  # the libraries read some variables when they are imported
        raise TracesError(error) from error
