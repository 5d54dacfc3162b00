"""HTTP responses that a server can't draw out by sending a byte now and then."""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
import urllib.request
from typing import Any

from model.store.timed_reader import TimedReader


class TimedResponse(http.client.HTTPResponse):
    """A response, all of which has to arrive within the timeout of its connection.

    Without it, that timeout would begin again with every byte.
    """

    fp: io.BufferedReader

    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self._timeout_s: float = sock.gettimeout() or 0.0
        self._reader = TimedReader(sock, self.fp.detach(), 0.0)
        self.restart_clock()
        self.fp = io.BufferedReader(self._reader)

    def restart_clock(self) -> None:
        """Restart the timeout for what follows."""
        self._reader.deadline = time.monotonic() + self._timeout_s


class _HttpConnection(http.client.HTTPConnection):
    response_class = TimedResponse


class _HttpsConnection(http.client.HTTPSConnection):
    response_class = TimedResponse


class TimedHttpHandler(urllib.request.HTTPHandler):
    """Opens URLs of HTTP; the responses are timed."""

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        """Return the response to a request."""
        return self.do_open(_HttpConnection, req)


class TimedHttpsHandler(urllib.request.HTTPSHandler):
    """Opens URLs of HTTPS, as ``TimedHttpHandler`` does."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__()
        self._tls = context

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        """Return the response to a request."""
        return self.do_open(_HttpsConnection, req, context=self._tls)
