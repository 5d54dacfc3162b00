"""HTTP responses that a server can't draw out by sending a byte now and then."""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
import urllib.request
from typing import Any


class TimedResponse(http.client.HTTPResponse):
    """A response, all of which has to arrive within the timeout of its connection.

    Without it, that timeout would begin again with every byte.
    """

    fp: io.BufferedReader

    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self._reader = _TimedReader(sock, self.fp.detach())
        self.fp = io.BufferedReader(self._reader)

    def restart_clock(self) -> None:
        """Let what follows take the timeout once more."""
        self._reader.restart_clock()


class _TimedReader(io.RawIOBase):
    def __init__(self, connected: socket.socket, file: io.RawIOBase) -> None:
        self._socket, self._file = connected, file
        self._timeout_s: float = connected.gettimeout() or 0.0
        self.restart_clock()

    def restart_clock(self) -> None:
        self._deadline = time.monotonic() + self._timeout_s

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        remaining_s = self._deadline - time.monotonic()
        if remaining_s <= 0:  # also of a server that never pauses
            raise TimeoutError
        self._socket.settimeout(remaining_s)
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()


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
