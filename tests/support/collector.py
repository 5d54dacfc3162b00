"""An OpenTelemetry collector that stores exports (OTLP over HTTP) for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support.servers import served


class Collector:
    """The exports received so far.

    Attributes:
        url: the endpoint.
        resources: attributes of each export's resource.
        spans: spans of all exports, each as its fields with the attributes as a mapping.
        content: the raw exports.
    """

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.resources: list[dict[str, Any]] = []
        self.spans: list[dict[str, Any]] = []
        self.content = b""

    def take(self, path: str, body: bytes) -> None:
        """Store an export."""
        assert path == "/v1/traces"
        self.content += body
        for group in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.resources.append(_mapping(group.resource.attributes))
            for scope in group.scope_spans:
                self.spans += [_fields(span) for span in scope.spans]


def _mapping(attributes: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}


def _fields(span: Any) -> dict[str, Any]:
    return {
        "name": span.name,
        "kind": span.kind,
        "trace": span.trace_id.hex(),
        "parent": span.parent_span_id.hex(),
        "state": span.trace_state,
        "status": span.status.code,
        "duration_ns": span.end_time_unix_nano - span.start_time_unix_nano,
        "attributes": _mapping(span.attributes),
    }


@contextmanager
def collecting() -> Iterator[Collector]:
    """Run a collector."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.take(self.path, self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collector = Collector(server.server_port)
    with server, served(server):
        yield collector
