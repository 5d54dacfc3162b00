"""Traces: what a real collector gets from a real server, and what happens without one."""

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
SERVER, ERROR = 2, 2  # of the protocol's SpanKind and StatusCode

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
    """A collector with the spans of one of each request, and the log of the server."""
    with collecting() as collector:
        environ = {
            "MODEL_PATH": str(small_folder / "intent_model.pkl"),
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "K_REVISION": "intent-00003",
        }
        server = RunningServer.start(environ)
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


def test_spans_that_wait_are_sent_at_the_end(spans):
    """SIGTERM loses none: each request has its span, in order; probes have none."""
    assert [span["name"] for span in spans.values()] == [
        *("POST /predict", "POST /predict", "POST /", "POST /", "POST /", "POST /", "POST /"),
        *("POST /predict", "POST"),
    ]
    assert {span["kind"] for span in spans.values()} == {SERVER}
    assert all(0 < span["duration_ns"] < 60e9 for span in spans.values())


@pytest.mark.parametrize("name", ["header", "event", "both", "structured", "unusable"])
def test_trace_goes_on(spans, name):
    """The parent is that of the HTTP headers, or else that of the event."""
    assert (spans[name]["trace"], spans[name]["parent"]) == (TRACE, PARENT)


@pytest.mark.parametrize(("name", "state"), [("header", "vendor=1"), ("event", "")])
def test_state_of_the_trace_goes_on(spans, name, state):
    """What others have noted in the trace is kept."""
    assert spans[name]["state"] == state


def test_request_without_a_trace_begins_one(spans):
    """Its span has no parent."""
    assert spans["first"]["parent"] == ""
    assert spans["first"]["trace"] not in (TRACE, spans["texts"]["trace"])


def test_attributes_are_those_of_the_conventions(spans):
    """HTTP, CloudEvents and FaaS have names for them; ours are below our own name."""
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
    """What waits to be sent must not fill the memory, whatever a sender writes."""
    long = spans["long"]["attributes"]

    assert long["cloudevents.event_id"] == "x" * 512
    assert long["cloudevents.event_type"] == "chat.message"


def test_batch_tells_how_many_texts_it_held(spans):
    """A batch has one span."""
    assert spans["texts"]["attributes"]["intent_classifier.utterances"] == 2


def test_unusable_event_is_no_fault_of_the_server(spans):
    """By the conventions, a 4xx leaves the span's status alone."""
    assert spans["unusable"]["attributes"]["http.response.status_code"] == 422
    assert spans["unusable"]["status"] == 0


def test_spans_hold_nothing_that_people_wrote(traced):
    """No text, no path that is none of ours, and no subject of an event."""
    assert b"marker" not in traced[0].content


def test_lines_name_the_traces_of_their_spans(traced):
    """From a line of the log one finds its trace; from a trace its lines."""
    collector, log = traced
    lines = [json.loads(line) for line in log.splitlines()]
    logged = [line["trace_id"] for line in lines if "trace_id" in line]

    assert logged == [span["trace"] for span in collector.spans]


def test_service_is_named(traced):
    """Without a variable that says otherwise."""
    [resource] = traced[0].resources

    assert resource["service.name"] == "intent-classifier"
    assert resource["faas.version"] == "intent-00003"
    assert resource["telemetry.sdk.language"] == "python"


def test_standard_variables_are_followed(start_server):
    """Endpoint of traces alone, sampler, name and attributes: as for any OpenTelemetry SDK."""
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


def test_collector_that_is_not_there_costs_nothing_but_the_traces(start_server):
    """Answers come, one line says that traces are lost, and the end waits for nobody."""
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
        *(f"Serving on {server.url}", "request", "Traces are lost", "Stopped")
    }


class Unsteady(SpanExporter):
    """Fails, and succeeds, in turns of two."""

    def __init__(self) -> None:
        self.results = [SpanExportResult.FAILURE] * 2 + [SpanExportResult.SUCCESS] * 2

    def export(self, _: object) -> SpanExportResult:
        return self.results.pop(0)


def test_only_changes_of_the_collector_are_told(caplog):
    """One line when spans are lost, one when they are sent again."""
    exporter = LoggingExporter(Unsteady())
    for _ in range(4):
        exporter.export([])
    exporter.shutdown()

    assert caplog.messages == ["Traces are lost", "Traces are sent again"]


def test_disabled_traces_leave_the_trace_of_others_alone(monkeypatch):
    """OTEL_SDK_DISABLED sends nothing; the log still names the trace that a request belongs to."""
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
def test_variable_that_can_not_be_used_stops_the_start(small_folder, variable):
    """It is told in one line, as any other setting is."""
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


def test_fault_of_the_server_is_an_error():
    """By the conventions, a 5xx marks the span and names its type."""
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
