"""A collector that discards spans: ``python -m benchmarks.system.span_collector PORT``."""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from benchmarks.load.http_client import HOST


class Collector(BaseHTTPRequestHandler):
    """Responds to each request with 200."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Respond to a readiness check."""
        self._answer()

    def do_POST(self) -> None:
        """Accept an export (OTLP over HTTP)."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer()

    def _answer(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


if __name__ == "__main__":
    HTTPServer((HOST, int(sys.argv[1])), Collector).serve_forever()
