"""Traces: the spans that a real server exports to a real collector, and behaviour without one."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

import pytest
import requests
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from func.messages import Response
from func.telemetry.request_record import RequestRecord
from func.telemetry.tracing import LoggingExporter, Traces
from tests.support.collector import collecting
from tests.support.ports import free_port
from tests.support.servers import RunningServer, run_server
from tests.support.timeouts import TIMEOUT_S

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"
OTHER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
EVENT = {"specversion": "1.0", "id": "42", "source": "/chat", "type": "chat.message"}
BINARY = {f"ce-{name}": value for name, value in EVENT.items()}
STRUCTURED = {"Content-Type": "application/cloudevents+json"}
TEXT = {"text": "hello text-marker"}
SERVER, ERROR = 2, 2  # values of the protocol's SpanKind and StatusCode

REQUESTS: dict[str, tuple[str, object, dict[str, str]]] = {
    "first": ("/predict", TEXT, {}),
    "header": ("/predict", TEXT, {"traceparent": TRACEPARENT, "tracestate": "vendor=1"}),
    "event": ("/", TEXT, {**BINARY, "ce-traceparent": TRACEPARENT, "ce-subject": "subject-marker"}),
    "both": ("/", TEXT, {**BINARY, "ce-traceparent": OTHER, "traceparent": TRACEPARENT}),
    "structured": ("/", {**EVENT, "traceparent": TRACEPARENT, "data": TEXT}, STRUCTURED),
    "unusable": ("/", {**EVENT, "traceparent": TRACEPARENT, "data": {}}, STRUCTURED),
    "long": ("/", {**EVENT, "id": "x" * 10_000, "data": {}}, STRUCTURED),
    "texts": ("/predict", {"texts": ["hello", "hi"]}, {}),
    "unknown": ("/path-marker", TEXT, {}),
}


def ask(server: RunningServer, name: str) -> None:
    """Send one of the requests."""
    path, body, headers = REQUESTS[name]
    headers = {"Content-Type": "application/json", **headers}
    requests.post(f"{server.url}{path}", json=body, headers=headers, timeout=TIMEOUT_S)


@pytest.fixture(scope="module")
def traced(small_folder) -> Any:
    """A collector with the span of one request of each kind, and the server's log."""
    with collecting() as collector:
        environ = {
            "MODEL_PATH": str(small_folder / "intent_model.pkl"),
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "K_REVISION": "intent-00003",
        }
        server = RunningServer.start(environ, is_measured=True)
        requests.get(f"{server.url}/health", timeout=TIMEOUT_S)
        for name in REQUESTS:
            ask(server, name)
        code, log = server.stop()
        assert code == 0
        yield collector, log


@pytest.fixture
def spans(traced) -> dict[str, dict[str, Any]]:
    """The spans, by the name of their request."""
    return dict(zip(REQUESTS, traced[0].spans, strict=True))


def test_buffered_spans_are_exported_at_the_end(spans):
    """After SIGTERM, the span of each request is exported in order; probes have none."""
    assert [span["name"] for span in spans.values()] == [
        *("POST /predict", "POST /predict", "POST /", "POST /", "POST /", "POST /", "POST /"),
        *("POST /predict", "POST"),
    ]
    assert {span["kind"] for span in spans.values()} == {SERVER}
    assert all(0 < span["duration_ns"] < 60e9 for span in spans.values())


@pytest.mark.parametrize("name", ["header", "event", "both", "structured", "unusable"])
def test_span_continues_the_trace_of_its_request(spans, name):
    """The span's parent is that of the HTTP headers, or else that of the event."""
    assert (spans[name]["trace"], spans[name]["parent"]) == (TRACE, PARENT)


@pytest.mark.parametrize(("name", "state"), [("header", "vendor=1"), ("event", "")])
def test_tracestate_is_kept(spans, name, state):
    """The span has the tracestate of the request."""
    assert spans[name]["state"] == state


def test_request_without_a_trace_begins_one(spans):
    """The span of such a request has no parent."""
    assert spans["first"]["parent"] == ""
    assert spans["first"]["trace"] not in (TRACE, spans["texts"]["trace"])


def test_attributes_are_those_of_the_conventions(spans):
    """Attributes follow the conventions for HTTP, CloudEvents and FaaS; others have a prefix."""
    first, event = spans["first"]["attributes"], spans["event"]["attributes"]

    assert 0 < first.pop("intent_classifier.confidence") <= 1
    assert first == {
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "http.route": "/predict",
        "url.scheme": "http",
        "faas.coldstart": True,
        "intent_classifier.kind": "http",
        "intent_classifier.intent": "greeting",
    }
    assert {key: event[key] for key in event if key.startswith("cloudevents.")} == {
        "cloudevents.event_id": "42",
        "cloudevents.event_source": "/chat",
        "cloudevents.event_spec_version": "1.0",
        "cloudevents.event_type": "chat.message",
    }


def test_long_attributes_of_events_are_cut(spans):
    """Long attributes are truncated, so that buffered spans can't fill the memory."""
    long = spans["long"]["attributes"]

    assert long["cloudevents.event_id"] == "x" * 512
    assert long["cloudevents.event_type"] == "chat.message"


def test_span_of_a_batch_has_its_number_of_texts(spans):
    """A batch has one span."""
    assert spans["texts"]["attributes"]["intent_classifier.utterances"] == 2


def test_unusable_event_leaves_the_status_unset(spans):
    """As the conventions require, a 4xx does not set the span's status."""
    assert spans["unusable"]["attributes"]["http.response.status_code"] == 422
    assert spans["unusable"]["status"] == 0


def test_spans_hold_no_user_input(traced):
    """Spans contain no text, no unknown path, and no subject of an event."""
    assert b"marker" not in traced[0].content


def test_lines_name_the_traces_of_their_spans(traced):
    """The log line of a request and its span have the same trace id."""
    collector, log = traced
    lines = [json.loads(line) for line in log.splitlines()]
    logged = [line["trace_id"] for line in lines if "trace_id" in line]

    assert logged == [span["trace"] for span in collector.spans]


def test_service_has_a_default_name(traced):
    """Without a variable that sets it, the service has a default name."""
    [resource] = traced[0].resources

    assert resource["service.name"] == "intent-classifier"
    assert resource["faas.version"] == "intent-00003"
    assert resource["telemetry.sdk.language"] == "python"


def test_standard_variables_are_followed(start_server):
    """The variables of OpenTelemetry SDKs set endpoint, sampler, name and attributes."""
    with collecting() as collector:
        server = start_server(
            OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=f"{collector.url}/v1/traces",
            OTEL_TRACES_SAMPLER="parentbased_always_off",
            OTEL_SERVICE_NAME="mine",
            OTEL_RESOURCE_ATTRIBUTES="deployment.environment.name=test,service.version=9",
        )
        ask(server, "first")
        ask(server, "header")
        _, log = server.stop()

    [span], [resource] = collector.spans, collector.resources
    assert span["trace"] == TRACE
    assert (resource["service.name"], resource["service.version"]) == ("mine", "9")
    assert resource["deployment.environment.name"] == "test"
    assert log.count("trace_id") == 2


def test_missing_collector_affects_only_traces(start_server):
    """Requests are answered, one line reports lost traces, and the end is not delayed."""
    server = start_server(
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{free_port()}",
        OTEL_BSP_SCHEDULE_DELAY="10",
        OTEL_EXPORTER_OTLP_TIMEOUT="0.1",
    )
    for _ in range(20):
        answer = requests.post(f"{server.url}/predict", json=TEXT, timeout=TIMEOUT_S)
        assert answer.status_code == 200
    code, log = server.stop()

    assert code == 0
    assert log.count("Traces are lost") == 1
    assert "marker" not in log
    assert {json.loads(line)["message"] for line in log.splitlines()} == {
        *(f"Serving on {server.url}", "request", "Traces are lost", "Stopping", "Stopped")
    }


class Unsteady(SpanExporter):
    """An exporter that alternates between two failures and two successes."""

    def __init__(self) -> None:
        self.results = [SpanExportResult.FAILURE] * 2 + [SpanExportResult.SUCCESS] * 2

    def export(self, _: object) -> SpanExportResult:
        return self.results.pop(0)


def test_only_changes_of_the_collector_are_logged(caplog):
    """One line reports that spans are lost, and one that they are exported again."""
    exporter = LoggingExporter(Unsteady())
    for _ in range(4):
        exporter.export([])
    exporter.shutdown()

    assert caplog.messages == ["Traces are lost", "Traces are sent again"]


def test_disabled_tracing_still_logs_the_trace(monkeypatch):
    """With OTEL_SDK_DISABLED no span is exported; log lines still name the request's trace."""
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    exporter = InMemorySpanExporter()
    traces = Traces(exporter, Resource({}))
    own = RequestRecord("GET", "/model", Response(), 0.1, 1.0, {}, is_cold=False)
    recorded = [
        traces.record(own),
        traces.record(own._replace(carrier={"traceparent": TRACEPARENT})),
    ]
    traces.close()

    assert recorded == [None, TRACE]
    assert exporter.get_finished_spans() == ()


@pytest.mark.parametrize(
    "variable",
    [
        pytest.param("OTEL_BSP_MAX_QUEUE_SIZE", id="read-at-the-start"),
        pytest.param("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", id="read-by-the-import"),
    ],
)
def test_invalid_variable_stops_the_start(small_folder, variable):
    """The error is one line, as for any other setting."""
    environ = {
        "MODEL_PATH": str(small_folder / "intent_model.pkl"),
        "PORT": "0",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
        variable: "-1",
    }
    ended = run_server(environ)

    assert ended.returncode == 1
    assert ended.stderr.startswith("OpenTelemetry's variables can't be used: ")
    assert ended.stderr.count("\n") == 1


def test_server_error_sets_the_status():
    """As the conventions require, a 5xx sets the span's status and names the error's type."""
    exporter = InMemorySpanExporter()
    traces = Traces(exporter, Resource({}))
    failed = Response(status=HTTPStatus.INTERNAL_SERVER_ERROR)
    traces.record(RequestRecord(None, None, failed, 0.1, 1.0, {}, is_cold=False))
    traces.close()

    [span] = exporter.get_finished_spans()
    assert span.name == "HTTP"
    assert span.status.status_code.value == ERROR
    assert dict(span.attributes or {}) == {
        "http.request.method": "_OTHER",
        "http.response.status_code": 500,
        "url.scheme": "http",
        "error.type": "500",
        "intent_classifier.kind": "http",
    }
