"""Connections, on waitress 3.0: quick requests are answered where they are read.

What waitress lacks is added here: JSON for requests that it refuses itself, closing without
cutting off the answer, and answers without a change of threads.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.task import ErrorTask, ThreadedTaskDispatcher
from waitress.utilities import build_http_date

from func import telemetry
from func.http import JSON, Environ
from func.json_api import render_json

logger = logging.getLogger(__name__)

# So much text is classified in a few milliseconds at most.
MOST_QUICK_BYTES = 8 * 1024
# A client that keeps its connection open sends its next request well within this time.
IDLE_WHILE_DRAINING_S = 1.0
LINGER_S = 2.0


class Dispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]
    """Leaves quick requests to the event loop, which read them; gives the others to threads.

    A thread would have to be woken, and only one can run Python code at a time anyway.
    """

    event_loop: int | None = None  # its thread, once it runs

    def __init__(self, is_quick: Callable[[str, str], bool]) -> None:
        super().__init__()
        self._is_quick = is_quick

    def add_task(self, channel: Channel) -> None:
        """Have a channel's next request answered."""
        if threading.get_ident() == self.event_loop and self._is_soon_done(channel.requests[0]):
            channel.is_due = True
        else:
            super().add_task(channel)

    def _is_soon_done(self, request: HTTPRequestParser) -> bool:
        if request.error:
            return True
        body_bytes = int(request.headers.get("CONTENT_LENGTH", 0))
        return body_bytes <= MOST_QUICK_BYTES and self._is_quick(request.command, request.path)


class RefusalTask(ErrorTask):  # type: ignore[misc]
    """Answers a request that waitress itself refuses, in the form of the contract."""

    def execute(self) -> None:
        """Write the answer; waitress's own would quote the request."""
        status = HTTPStatus(self.request.error.code)
        body = render_json({"error": status.phrase})
        self.status = f"{status.value} {status.phrase}"
        self.response_headers.append(("Content-Type", JSON))
        self.content_length = len(body)
        self.set_close_on_finish()
        telemetry.log_refusal(status)
        self.channel.is_lingering = True
        self.write(body)


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection that ends without cutting off what is under way."""

    error_task_class = RefusalTask
    requests: list[HTTPRequestParser]
    is_due = False
    is_lingering = False
    linger_until: float | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Held while a request is handed over, which may now be answered by the same thread.
        self.requests_lock = threading.RLock()

    def service(self) -> None:
        """Answer a request; while draining, announce with the last one that no more is read."""
        if self.server.is_draining and len(self.requests) == 1:
            self.requests[0].headers["CONNECTION"] = "close"
        super().service()

    def close_if_idle(self) -> None:
        """Close the connection if nothing is being received, answered or sent on it."""
        is_busy = self.requests or self.request is not None or self.total_outbufs_len
        if not is_busy and time.time() - self.last_activity > IDLE_WHILE_DRAINING_S:
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
        """Tell whether to read on; the event loop asks at each turn, which keeps the time."""
        if self.linger_until is None:
            return bool(super().readable())
        if time.monotonic() > self.linger_until:
            self.will_close = True
        return True

    def received(self, data: bytes) -> bool:
        """Take in what was sent, or throw it away when the answer was already given."""
        is_taken = self.linger_until is None and bool(super().received(data))
        while self.is_due:
            self.is_due = False
            self._answer_here()
        if self.total_outbufs_len:
            self.handle_write()
        return is_taken

    def _answer_here(self) -> None:
        """Answer a request in the event loop; without WSGI, unless the connection may end."""
        [request, *more] = self.requests
        is_last = self.server.is_draining or "CONNECTION" in request.headers
        if request.error or request.version != "1.1" or is_last or more or self.request:
            self.service()
            return
        answer = self.server.answer(_environ_of(request))
        self.requests = []
        request.close()
        message = answer.to_bytes(_http_date(int(time.time())))
        sent = 0 if self.total_outbufs_len else self.send(message)
        if sent < len(message) and self.connected:
            self.write_soon(message[sent:])

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


@lru_cache(maxsize=1)
def _http_date(now_s: int) -> str:
    return str(build_http_date(now_s))
