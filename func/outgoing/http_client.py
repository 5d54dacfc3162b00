"""HTTP to other servers: small JSON bodies, and one deadline for the whole exchange."""

from __future__ import annotations

import contextlib
import http.client
import io
import math
import select
import socket
import ssl
import time
from collections import deque
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from func.outgoing.errors import NoAnswerError
from model.store.timed_reader import TimedReader

MAX_ANSWER_BYTES = 256 * 1024
MIN_TIMEOUT_S = 0.001  # of a socket, for which 0 would mean not to block

_Request = tuple[str, str, bytes | None, dict[str, str]]  # as http.client takes it


class HttpClient:
    """Asks one URL over connections that stay open; safe to call from many threads."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port
        self._context = ssl.create_default_context() if parts.scheme == "https" else None
        self._target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        self._idle: deque[http.client.HTTPConnection] = deque()

    def post(self, body: bytes, headers: Mapping[str, str], deadline: float) -> bytes:
        """Return the body of the response to a POST; the deadline is one of ``time.monotonic``.

        Raises:
            NoAnswerError: there is no response in time, none in HTTP or of a usable size, or its
                status is no success.
        """
        return self._ask("POST", body, headers, deadline)

    def get(self, deadline: float) -> bytes:
        """Return the body of the response to a GET; raise as ``post`` does."""
        return self._ask("GET", None, {}, deadline)

    def _ask(
        self, method: str, body: bytes | None, headers: Mapping[str, str], deadline: float
    ) -> bytes:
        request = (method, self._target, body, dict(headers))
        try:
            # There may be no idle connection, and the server may have closed the one there is.
            with contextlib.suppress(IndexError, ConnectionError):
                return self._exchange(self._idle.pop(), request, deadline)
            return self._exchange(self._connection(), request, deadline)
        except TimeoutError as error:
            raise NoAnswerError("timeout") from error
        except OSError as error:
            raise NoAnswerError("unreachable") from error
        except http.client.HTTPException as error:
            raise NoAnswerError("malformed") from error

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()

    def _connection(self) -> http.client.HTTPConnection:
        if self._context:
            return http.client.HTTPSConnection(self._host, self._port, context=self._context)
        return http.client.HTTPConnection(self._host, self._port)

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        request: _Request,
        deadline: float,
    ) -> bytes:
        try:
            response = self._send(connection, request, deadline)
            with response:
                content = _content_of(response)
        except BaseException:
            connection.close()
            raise
        if len(content) > MAX_ANSWER_BYTES:
            connection.close()
            raise NoAnswerError("malformed")
        self._idle.append(connection)
        if response.status // 100 != HTTPStatus.OK // 100:
            raise NoAnswerError("refused", _retry_after_s(response.headers.get("Retry-After")))
        return content

    def _send(
        self,
        connection: http.client.HTTPConnection,
        request: _Request,
        deadline: float,
    ) -> http.client.HTTPResponse:
        connection.timeout = remaining(deadline)
        if connection.sock and _is_readable(connection.sock):
            connection.close()  # it is opened anew
        if connection.sock:
            connection.sock.settimeout(connection.timeout)
        connection.request(*request)
        timed: Any = _TimedSocket(connection.sock, deadline)
        connection.response_class = lambda _, **options: _FinalResponse(timed, **options)  # type: ignore[assignment]
        return connection.getresponse()


class _FinalResponse(http.client.HTTPResponse):
    """A response whose head is that of the final one.

    Informational responses may precede it (RFC 9110, section 15.2). http.client skips those with
    the status 100 only: the final one would answer the next request of the connection.
    """

    def begin(self) -> None:
        """Read heads up to that of the final response."""
        super().begin()
        while self.status < HTTPStatus.OK:
            self.headers = None  # type: ignore[assignment] # otherwise nothing more is read
            super().begin()


class _TimedSocket:
    """The reading side of a socket, whose reads all end by one deadline."""

    def __init__(self, connected: socket.socket, deadline: float) -> None:
        self._socket, self._deadline = connected, deadline

    def makefile(self, _mode: str) -> io.BufferedReader:
        # The file keeps the socket open, though http.client may close it before the body is read.
        unbuffered = self._socket.makefile("rb", buffering=0)
        return io.BufferedReader(TimedReader(self._socket, unbuffered, self._deadline))


def _is_readable(idle: socket.socket) -> bool:
    """Return whether an idle connection has ended, or has bytes that answer no request."""
    poll = select.poll()
    poll.register(idle, select.POLLIN)
    return bool(poll.poll(0))


def _content_of(response: http.client.HTTPResponse) -> bytes:
    """Return the body of a response, or a part of it that is longer than allowed."""
    try:
        return response.read(MAX_ANSWER_BYTES + 1)
    except ValueError as error:  # http.client takes a negative size of a chunk for one
        raise NoAnswerError("malformed") from error


def remaining(deadline: float) -> float:
    """Return the seconds until a deadline, as a socket's timeout."""
    return max(MIN_TIMEOUT_S, deadline - time.monotonic())


def _retry_after_s(value: str | None) -> float:
    """Return the seconds of a Retry-After header; 0 for none and for a date."""
    try:
        seconds = float(value or 0)
    except ValueError:
        return 0.0
    return seconds if math.isfinite(seconds) and seconds > 0 else 0.0
