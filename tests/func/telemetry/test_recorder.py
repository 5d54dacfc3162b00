"""The log lines and counts of requests, and the user data that they must not contain."""

from __future__ import annotations

import json
import logging
import re
from typing import Any

import pytest
from werkzeug.test import Client

from func.app import App
from func.handler import IntentFunction
from func.messages import Response
from func.telemetry.logs import JsonFormatter, RequestLog
from func.telemetry.metrics import Metrics
from func.telemetry.recorder import FLUSH_INTERVAL_S, MAX_BUFFERED, MAX_BUFFERED_BYTES, Telemetry
from func.telemetry.request_record import PROBES
from tests.support.paths import ROOT

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE_ID}-b7ad6b7169203331-01"
OTHER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
EVENT = {"specversion": "1.0", "id": "1", "source": "/test", "type": "t"}
BINARY = {f"ce-{name}": value for name, value in EVENT.items()}


def request_lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """Return the fields of the log lines of requests."""
    return [vars(entry)["fields"] for entry in caplog.records if entry.msg == "request"]


def test_each_request_is_logged_once(client, caplog):
    """The line holds method, route, status, duration, kind and result, but never the text."""
    with caplog.at_level(logging.INFO):
        client.post("/predict?q=query-marker", json={"text": "hello text-marker"})

    [logged] = request_lines(caplog)
    assert logged.pop("duration_ms") >= 0
    assert 0 < logged.pop("confidence") <= 1
    assert logged == {
        "method": "POST",
        "route": "/predict",
        "status": 200,
        "kind": "http",
        "intent": "greeting",
        "cold": True,
    }


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("GET", "/path-marker", id="unknown-path"),
        pytest.param("MARKER", "/predict", id="unknown-method"),
    ],
)
def test_unknown_paths_and_methods_are_not_quoted(client, caplog, method, path):
    """The line of an unmatched request holds only its status."""
    with caplog.at_level(logging.INFO):
        client.open(path, method=method)

    [logged] = request_lines(caplog)
    assert "marker" not in json.dumps(logged).lower()
    assert logged["status"] in (404, 405)


@pytest.mark.parametrize(
    ("content_type", "body", "kind", "utterances"),
    [
        pytest.param("application/json", b'{"texts": ["a", "b"]}', "http", 2, id="texts"),
        pytest.param("application/cloudevents-batch+json", b"[{}, {}]", "batch", 2, id="events"),
    ],
)
def test_batches_are_logged_with_their_size(client, caplog, content_type, body, kind, utterances):
    """A batch has one line, with its number of texts."""
    with caplog.at_level(logging.INFO):
        client.post("/", data=body, content_type=content_type)

    [logged] = request_lines(caplog)
    assert (logged["kind"], logged["utterances"]) == (kind, utterances)


def test_first_request_of_a_process_is_cold(client, caplog):
    """The first request other than a probe is marked as cold; later lines have no such field."""
    with caplog.at_level(logging.DEBUG):
        for _ in range(2):
            client.get("/health")
            client.post("/predict", json={"text": "hello"})

    assert [line.get("cold") for line in request_lines(caplog)] == [None, True, None, None]


def test_lines_name_the_revision(small_model, settings, caplog):
    """On Knative, each line names the revision."""
    telemetry = Telemetry(log=RequestLog("intent-00007"))
    with caplog.at_level(logging.INFO):
        Client(App(IntentFunction(small_model, settings), telemetry)).get("/model")

    assert request_lines(caplog)[0]["revision"] == "intent-00007"


@pytest.mark.parametrize(
    ("headers", "content_type", "body"),
    [
        pytest.param(
            {"traceparent": TRACEPARENT}, "application/json", {"text": "hi"}, id="plain-http"
        ),
        pytest.param(
            {**BINARY, "ce-traceparent": TRACEPARENT},
            "application/json",
            {"text": "hi"},
            id="event",
        ),
        pytest.param(
            {**BINARY, "ce-traceparent": OTHER, "traceparent": TRACEPARENT},
            "application/json",
            {"text": "hi"},
            id="header-before-event",
        ),
        pytest.param(
            {},
            "application/cloudevents+json",
            {**EVENT, "traceparent": TRACEPARENT, "data": {"text": "hi"}},
            id="structured-event",
        ),
        pytest.param(
            {},
            "application/cloudevents+json",
            {**EVENT, "traceparent": TRACEPARENT, "data": {}},
            id="event-without-text",
        ),
    ],
)
def test_line_names_the_trace_of_its_request(client, caplog, headers, content_type, body):
    """The trace of the header, or else of the event's attribute, is logged without a collector."""
    with caplog.at_level(logging.INFO):
        client.post("/", headers=headers, data=json.dumps(body), content_type=content_type)

    assert request_lines(caplog)[0]["trace_id"] == TRACE_ID


def test_line_of_a_request_without_a_trace_has_no_field_for_it(client, caplog):
    """An invalid traceparent is not logged."""
    with caplog.at_level(logging.INFO):
        client.post("/", headers={"traceparent": "00-marker"}, json={"text": "hi"})

    assert "trace_id" not in request_lines(caplog)[0]
    assert "marker" not in json.dumps(request_lines(caplog))


def record(telemetry: Telemetry, answer: Response = Response()) -> None:  # noqa: B008 - never changed
    """Record a request."""
    telemetry.record({"REQUEST_METHOD": "GET"}, "/model", 0.0, answer)


def test_lines_are_buffered_for_a_moment(caplog):
    """With a flushing thread, the first line is written at once, later ones in intervals."""
    telemetry = Telemetry()
    telemetry.buffer_records()
    with caplog.at_level(logging.INFO):
        record(telemetry)
        waiting = len(request_lines(caplog))
        first = telemetry.flush_if_due(100.0)
        record(telemetry)
        second = telemetry.flush_if_due(100.0)

    assert waiting == 0
    assert first == float("inf")
    assert second == pytest.approx(FLUSH_INTERVAL_S)
    assert len(request_lines(caplog)) == 1
    telemetry.close()


@pytest.mark.parametrize(
    ("answers", "waiting"),
    [
        pytest.param([Response()] * MAX_BUFFERED, MAX_BUFFERED, id="some"),
        pytest.param([Response()] * (MAX_BUFFERED + 1), 0, id="many"),
        pytest.param([Response(b"x" * (MAX_BUFFERED_BYTES + 1))], 0, id="large"),
    ],
)
def test_buffer_is_bounded(caplog, answers, waiting):
    """The buffer of lines has a bounded size, whatever the requests are."""
    telemetry = Telemetry()
    telemetry.buffer_records()
    with caplog.at_level(logging.INFO):
        for answer in answers:
            record(telemetry, answer)

        assert len(request_lines(caplog)) == len(answers) - waiting
        telemetry.close()
    assert len(request_lines(caplog)) == len(answers)


def test_lines_are_written_at_once_after_the_end(caplog):
    """A thread that responds after the end of the recorder still has its line logged."""
    telemetry = Telemetry()
    telemetry.buffer_records()
    telemetry.close()
    with caplog.at_level(logging.INFO):
        record(telemetry)

    assert len(request_lines(caplog)) == 1


@pytest.mark.parametrize("has_metrics", [True, False], ids=["metrics", "log-only"])
def test_refusals_of_overload_are_one_line(small_model, caplog, has_metrics):
    """The line says how many there were; the metrics, if enabled, count each of them."""
    metrics = Metrics(small_model.card) if has_metrics else None
    Telemetry(metrics=metrics).record_overload(3)

    [entry] = caplog.records
    assert (entry.msg, vars(entry)["fields"]) == ("overloaded", {"status": 503, "refused": 3})
    assert not metrics or metrics.overload == 3


def test_documentation_lists_each_field(small_model, settings, monkeypatch, caplog):
    """The documented table has exactly the fields of all kinds of lines."""
    telemetry = Telemetry(log=RequestLog("intent-00007"))
    client = Client(App(IntentFunction(small_model, settings), telemetry))
    with caplog.at_level(logging.INFO):
        client.post("/", json={"text": "hi"}, headers={"traceparent": TRACEPARENT})
        client.post("/", json={"texts": ["hi"]})
        telemetry.record_overload(1)
        monkeypatch.setattr(small_model, "predict", None)
        client.post("/", json={"text": "hi"})
    shown = {field for each in caplog.records for field in json.loads(JsonFormatter().format(each))}
    document = (ROOT / "docs" / "observability.md").read_text()
    table = document.partition("## Logs")[2].partition("## Traces")[0]
    cells = re.findall(r"^\| (`[^|]+`) \|", table, re.MULTILINE)

    assert set(re.findall(r"\w+", " ".join(cells))) == shown


def test_error_of_telemetry_prevents_no_response(small_model, settings, monkeypatch, caplog):
    """The error is logged by type and place; the request gets its response."""
    metrics = Metrics(small_model.card)
    monkeypatch.setattr(metrics, "confidences", {})
    client = Client(App(IntentFunction(small_model, settings), Telemetry(metrics=metrics)))

    assert client.post("/", json={"text": "hi"}).status_code == 200
    assert "Telemetry failed" in caplog.messages


@pytest.mark.parametrize("path", sorted(PROBES))
def test_probes_are_logged_at_debug(client, caplog, path):
    """The usual level shows no health checks."""
    with caplog.at_level(logging.DEBUG):
        client.get(path)

    [entry] = [entry for entry in caplog.records if entry.msg == "request"]
    assert entry.levelno == logging.DEBUG
    caplog.clear()
    with caplog.at_level(logging.INFO):
        client.get(path)
    assert request_lines(caplog) == []


def test_quiet_log_has_no_lines_of_requests(caplog):
    """At level WARNING, requests are not logged."""
    with caplog.at_level(logging.WARNING):
        record(Telemetry())

    assert request_lines(caplog) == []
