"""Traces: a server span for each request, sent by OpenTelemetry's SDK and exporter.

Imported only if a collector is set: its libraries would take a third of the start. The names of
attributes follow OpenTelemetry's semantic conventions for HTTP, CloudEvents and FaaS.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Self

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind, Status, StatusCode, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

from func.telemetry.request_record import RequestRecord
from func.version import VERSION

logger = logging.getLogger(__name__)

SERVICE = "intent-classifier"
CLOSE_TIMEOUT_S = 3.0
# Without the subject, which may hold a user's text.
_EVENT_ATTRIBUTES = {
    "id": "cloudevents.event_id",
    "source": "cloudevents.event_source",
    "specversion": "cloudevents.event_spec_version",
    "type": "cloudevents.event_type",
}


class Traces:
    """Records spans and sends them in the background; safe to call from many threads."""

    def __init__(self, exporter: SpanExporter, resource: Resource) -> None:
        # The SDK reads the sampler, limits and delays from the standard variables.
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("func", VERSION)
        self._propagator = TraceContextTextMapPropagator()

    @classmethod
    def start(cls, revision: str) -> Self:
        """Start to send spans to the endpoint of OpenTelemetry's standard variables.

        Raises:
            ValueError: one of these variables has an invalid value.
        """
        # Its loggers write the texts of exceptions and responses; this module logs the rest.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL + 1)
        return cls(LoggingExporter(OTLPSpanExporter()), _resource(revision))

    def record(self, record: RequestRecord) -> str | None:
        """Record the span of a request.

        Returns:
            The hexadecimal id of its trace; None if OpenTelemetry is disabled.
        """
        end_ns = int(record.ended_at_s * 1e9)
        span = self._tracer.start_span(
            " ".join(filter(None, (record.method or "HTTP", record.route))),
            self._propagator.extract(record.carrier, Context()),
            SpanKind.SERVER,
            dict(_attributes(record)),
            start_time=end_ns - int(record.duration_s * 1e9),
        )
        if record.response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            span.set_status(Status(StatusCode.ERROR))
        span.end(end_ns)
        context = span.get_span_context()
        return format_trace_id(context.trace_id) if context.is_valid else None

    def close(self) -> None:
        """Send the remaining spans, unless that takes too long."""
        closing = threading.Thread(target=self._provider.shutdown, daemon=True)
        closing.start()
        closing.join(CLOSE_TIMEOUT_S)


class LoggingExporter(SpanExporter):
    """Logs when sending starts to fail, and when it works again."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._is_failing = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send spans."""
        result = self._exporter.export(spans)
        is_failing = result is not SpanExportResult.SUCCESS
        if is_failing != self._is_failing:
            self._is_failing = is_failing
            logger.warning("Traces are lost" if is_failing else "Traces are sent again")
        return result

    def shutdown(self) -> None:
        """Stop sending."""
        self._exporter.shutdown()


def _resource(revision: str) -> Resource:
    attributes = {"service.name": SERVICE, "service.version": VERSION}
    if revision:
        attributes["faas.version"] = revision
    # Attributes passed to ``create`` would override the standard variables.
    set_outside = OTELResourceDetector().detect().attributes
    return Resource.create(
        {name: value for name, value in attributes.items() if name not in set_outside}
    )


def _attributes(record: RequestRecord) -> Iterator[tuple[str, AttributeValue]]:
    response, outcome = record.response, record.response.outcome
    yield "http.request.method", record.method or "_OTHER"
    yield "http.response.status_code", int(response.status)
    yield "url.scheme", "http"
    yield "intent_classifier.kind", outcome.kind
    if record.route:
        yield "http.route", record.route
    if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        yield "error.type", str(int(response.status))
    if record.is_cold:
        yield "faas.coldstart", True
    for name in _EVENT_ATTRIBUTES.keys() & outcome.event.keys():
        yield _EVENT_ATTRIBUTES[name], outcome.event[name]
    match outcome.predictions:
        case [prediction]:
            yield "intent_classifier.intent", prediction["intent"]
            yield "intent_classifier.confidence", prediction["confidence"]
        case [_, *_]:
            yield "intent_classifier.utterances", len(outcome.predictions)
