"""Traces: a server span for each request, sent by OpenTelemetry's own SDK and exporter.

Imported only where a collector is named: what it imports would be a third of the start. Names of
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
# The subject is left out: it may be what a person typed.
_EVENT_ATTRIBUTES = {
    "id": "cloudevents.event_id",
    "source": "cloudevents.event_source",
    "specversion": "cloudevents.event_spec_version",
    "type": "cloudevents.event_type",
}


class Traces:
    """Records spans, and sends them in the background; safe to call from many threads."""

    def __init__(self, exporter: SpanExporter, resource: Resource) -> None:
        # The SDK reads the sampler, limits and delays from the standard variables.
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("func", VERSION)
        self._propagator = TraceContextTextMapPropagator()

    @classmethod
    def start(cls, revision: str) -> Self:
        """Start to send spans to where OpenTelemetry's standard variables say.

        Raises:
            ValueError: one of them has a value that can't be used.
        """
        # Its loggers write the texts of exceptions and answers; this module logs what matters.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL + 1)
        return cls(TellingExporter(OTLPSpanExporter()), _resource(revision))

    def record(self, exchange: RequestRecord) -> str | None:
        """Record a request that has just been answered.

        Returns:
            The id of its trace, in hexadecimal; None if it has none, as OpenTelemetry is disabled.
        """
        end_ns = int(exchange.ended_at_s * 1e9)
        span = self._tracer.start_span(
            " ".join(filter(None, (exchange.method or "HTTP", exchange.route))),
            self._propagator.extract(exchange.carrier, Context()),
            SpanKind.SERVER,
            dict(_attributes(exchange)),
            start_time=end_ns - int(exchange.duration_s * 1e9),
        )
        if exchange.answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            span.set_status(Status(StatusCode.ERROR))
        span.end(end_ns)
        context = span.get_span_context()
        return format_trace_id(context.trace_id) if context.is_valid else None

    def close(self) -> None:
        """Send what has not been sent, unless that takes too long."""
        closing = threading.Thread(target=self._provider.shutdown, daemon=True)
        closing.start()
        closing.join(CLOSE_TIMEOUT_S)


class TellingExporter(SpanExporter):
    """Logs when spans can't be sent any more, and when they can again."""

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
        """Send no more."""
        self._exporter.shutdown()


def _resource(revision: str) -> Resource:
    attributes = {"service.name": SERVICE, "service.version": VERSION}
    if revision:
        attributes["faas.version"] = revision
    # What is given to ``create`` would outrank the standard variables.
    set_outside = OTELResourceDetector().detect().attributes
    return Resource.create(
        {name: value for name, value in attributes.items() if name not in set_outside}
    )


def _attributes(exchange: RequestRecord) -> Iterator[tuple[str, AttributeValue]]:
    answer = exchange.answer
    yield "http.request.method", exchange.method or "_OTHER"
    yield "http.response.status_code", int(answer.status)
    yield "url.scheme", "http"
    yield "intent_classifier.kind", answer.kind
    if exchange.route:
        yield "http.route", exchange.route
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        yield "error.type", str(int(answer.status))
    if exchange.is_cold:
        yield "faas.coldstart", True
    for name in _EVENT_ATTRIBUTES.keys() & answer.event.keys():
        yield _EVENT_ATTRIBUTES[name], answer.event[name]
    match answer.predictions:
        case [prediction]:
            yield "intent_classifier.intent", prediction["intent"]
            yield "intent_classifier.confidence", prediction["confidence"]
        case [_, *_]:
            yield "intent_classifier.utterances", len(answer.predictions)
