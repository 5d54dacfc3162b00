"""Connections, on waitress 3.0: quick requests are answered where they are read.

What waitress lacks is added here: closing without cutting off the answer, answers without a change
of threads, and limits on how long a client may take.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.utilities import build_http_date

from func.messages import Environ, Response
from func.server.dispatcher import RefusalTask
from func.server.overload import Admission, Refusal, is_whole_post, overloaded

logger = logging.getLogger(__name__)

# A client that keeps its connection open sends its next request well within this time.
IDLE_WHILE_DRAINING_S = 1.0
IDLE_S = 120.0
LINGER_S = 2.0


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection that ends without cutting off what is under way."""

    error_task_class = RefusalTask
    requests: list[HTTPRequestParser]
    request: HTTPRequestParser | None
    total_outbufs_len: int
    is_due = False
    is_lingering = False
    linger_until: float | None = None
    begun_at: float | None = None  # when a request began that has not arrived in full

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Held while a request is handed over, which may now be answered by the same thread.
        self.requests_lock = threading.RLock()
        self._admission: Admission = self.server.admission

    @property
    def last_activity(self) -> float:
        """When something was received or sent last, by ``time.monotonic``."""
        return self._active_at

    @last_activity.setter
    def last_activity(self, _: float) -> None:
        # waitress sets the time of day, which may jump.
        self._active_at = time.monotonic()

    def service(self) -> None:
        """Answer a request; while draining, announce with the last one that no more is read."""
        request = self.requests[0]
        if self._admission.is_draining and len(self.requests) == 1:
            request.headers["CONNECTION"] = "close"
        if not request.error and self._is_over(time.monotonic(), self._active_at):
            request.error = Refusal(HTTPStatus.SERVICE_UNAVAILABLE)
        super().service()

    def held_bytes(self) -> int:
        """Count what is kept of requests that are not answered, and of answers not taken."""
        received = sum(request.body_bytes_received for request in self.requests)
        unfinished = self.request.body_bytes_received if self.request else 0
        return int(received + unfinished + self.total_outbufs_len)

    def check_time(self, now: float) -> None:
        """End what has taken too long.

        Args:
            now: by ``time.monotonic``.
        """
        if self.linger_until is not None:
            self.will_close = now > self.linger_until
        elif self.request and self.begun_at and self._is_over(now, self.begun_at):
            self._refuse(self.request, HTTPStatus.REQUEST_TIMEOUT)
        elif not self.requests and now - self.last_activity > IDLE_S:
            self.will_close = True

    def close_if_idle(self) -> None:
        """Close the connection if nothing is being received, answered or sent on it."""
        is_busy = self.requests or self.request is not None or self.total_outbufs_len
        if not is_busy and time.monotonic() - self.last_activity > IDLE_WHILE_DRAINING_S:
            self.will_close = True

    def handle_close(self) -> None:
        """Close; after a refusal only once the client has stopped sending, or had the time to.

        To close with bytes unread resets the connection, and the client loses the answer
        (RFC 9112, section 9.6).
        """
        if self.is_lingering and self.linger_until is None and self._shut_down_sending():
            self.will_close = False
            self.linger_until = time.monotonic() + LINGER_S
        else:
            super().handle_close()

    def readable(self) -> bool:
        """Tell whether to read on."""
        return self.linger_until is not None or bool(super().readable())

    def received(self, data: bytes) -> bool:
        """Take in what was sent, or throw it away when the answer was already given."""
        if self.linger_until is not None:
            return False
        if self._admission.is_over_limit() and self.request is None and is_whole_post(data):
            self._refuse_late()
            return True
        is_taken = bool(super().received(data))
        if self.request is None:
            self.begun_at = None
        elif self.begun_at is None:
            self.begun_at = time.monotonic()
        self._answer_due()
        has_room = not (self.request or self.requests) or self._admission.reserve(len(data))
        if self.request and not has_room:
            self._refuse(self.request, HTTPStatus.SERVICE_UNAVAILABLE)
        if self.total_outbufs_len:
            self.handle_write()
        return is_taken

    def _answer_due(self) -> None:
        while self.is_due:
            self.is_due = False
            self._answer_here()

    def _answer_here(self) -> None:
        """Answer a request in the event loop; without WSGI, unless the connection may end.

        What is asked for by POST is answered once all is read that can be.
        """
        [request, *more] = self.requests
        connection = request.headers.get("CONNECTION", "").lower()
        is_last = self._admission.is_draining or connection not in ("", "keep-alive")
        if request.error or request.version != "1.1" or is_last or more or self.request:
            self._map.accepted += 1
            self.service()
            return
        self.requests = []
        if request.command == "POST" and self._admission.is_over_limit():
            self._refuse_late()
            return
        self._map.accepted += 1
        if request.command == "POST":
            self._map.batch.add(self, _environ_of(request))
        else:
            [response] = self.server.app.respond([self.server.app.parse(_environ_of(request))])
            self._send(response.to_bytes(_http_date()))

    def deliver(self, answer: Response) -> None:
        """Send an answer that was found after its request was read."""
        if not self.connected:
            return
        try:
            self._send(answer.to_bytes(_http_date()))
        except Exception:  # noqa: BLE001 - as the event loop has it
            self.handle_error()
        if self.total_outbufs_len:
            self._map.watch(self._fileno)

    def _refuse_late(self) -> None:
        self._send(overloaded(_http_date()))
        self._admission.count_refused()

    def _send(self, message: bytes) -> None:
        sent = 0 if self.total_outbufs_len else self.send(message)
        if sent < len(message) and self.connected:
            self.write_soon(message[sent:])

    def _refuse(self, request: HTTPRequestParser, status: HTTPStatus) -> None:
        """Answer the request that is being received with an error, and end the connection."""
        with self.requests_lock:
            self.request = self.begun_at = None
            request.error, request.completed = Refusal(status), True
            self.requests.append(request)
            if len(self.requests) == 1:
                self.server.add_task(self)
        self._answer_due()

    def _is_over(self, now: float, since: float) -> bool:
        return now - since > self._admission.request_timeout_s

    def handle_error(self) -> None:
        """Close after an error in the event loop; waitress's own would log what was sent."""
        logger.exception("A connection failed")  # noqa: LOG004 - called while handling it
        self.is_lingering = False
        self.handle_close()

    def _shut_down_sending(self) -> bool:
        if self.socket is None:  # waitress may close twice in one turn of its event loop
            return False
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            return False
        return True


def _environ_of(request: HTTPRequestParser) -> Environ:
    """Give what the app needs of a WSGI environment (PEP 3333) to answer a quick request."""
    environ = {f"HTTP_{name}": value for name, value in request.headers.items()}
    environ["REQUEST_METHOD"], environ["PATH_INFO"] = request.command, request.path
    environ["CONTENT_TYPE"] = request.headers.get("CONTENT_TYPE", "")
    environ["CONTENT_LENGTH"] = request.headers.get("CONTENT_LENGTH", "")
    environ["wsgi.input"], environ["wsgi.input_terminated"] = request.get_body_stream(), True
    return environ


def _http_date() -> str:
    return _date_of(int(time.time()))


@lru_cache(maxsize=1)
def _date_of(since_epoch_s: int) -> str:
    return str(build_http_date(since_epoch_s))
