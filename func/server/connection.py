"""A connection: reads requests one at a time, and writes their responses.

It reads nothing while a response is awaited or unread, so that no client can fill the memory with
requests, and each state but waiting for the app has a deadline.
"""

from __future__ import annotations

import logging
import math
import select
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from func.messages import Headers
from func.server import responses
from func.server.event_loop import EventLoop
from func.server.request_head import RefusedError
from func.server.request_reader import ReceivedRequest, RequestReader

logger = logging.getLogger(__name__)

IDLE_S = 120.0
IDLE_WHILE_DRAINING_S = 1.0  # a client that keeps its connection sends its next request within it
LINGER_S = 2.0
READ_BYTES = 64 * 1024
SMALL_BYTES = 4 * 1024  # of a response that is sent even when no memory is left, as to a probe
READING = select.EPOLLIN
GONE = select.EPOLLHUP | select.EPOLLERR


@dataclass(slots=True, kw_only=True)
class Shared:
    """The limits and counters that the connections of a server share.

    Attributes:
        on_request: called with each request that has arrived; it calls ``respond`` in the end.
        on_refusal: called with the status of each request that the server refuses.
        on_close: called with each connection that has closed.
        request_timeout_s: the longest time for a request to arrive, and for a client to take any
            part of its response.
        max_held_bytes: the bytes of requests and responses that all connections may hold.
        open: the connections.
        held_bytes: the bytes that they hold now.
    """

    loop: EventLoop
    on_request: Callable[[Connection, ReceivedRequest], None]
    on_refusal: Callable[[HTTPStatus], None]
    max_header_bytes: int
    max_body_bytes: int
    request_timeout_s: float
    max_held_bytes: int
    open: set[Connection] = field(default_factory=set)
    held_bytes: int = 0
    is_draining: bool = False
    on_close: Callable[[Connection], None] = lambda _: None


class Connection:
    """One client's connection; only the thread of the event loop may use it.

    Attributes:
        request: the request that the app answers now; None once its client has gone.
    """

    def __init__(self, client: socket.socket, shared: Shared) -> None:
        self.request: ReceivedRequest | None = None
        self._socket, self._shared = client, shared
        self._reader = RequestReader(shared.max_header_bytes, shared.max_body_bytes)
        self._unsent: list[bytes | memoryview] = []
        self._response_bytes = 0  # of a response that is not sent in full: all of it is kept
        self._held = 0
        self._is_closed = self._is_last = self._is_lingering = False
        self._is_advancing = False  # the loop will look for a further request in what was read
        self._flags = READING
        self._deadline = math.inf
        self._active_at = shared.loop.now
        client.settimeout(0)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        shared.open.add(self)
        shared.loop.register(client.fileno(), READING, self.handle)
        self._set_deadline(IDLE_S)

    def handle(self, flags: int) -> None:
        """Go on with what the socket is ready for."""
        self.run(self._go_on, flags)

    def respond(self, status_line: str, headers: Headers, body: bytes) -> None:
        """Send the response to ``request``; without effect if the client has gone."""
        self.run(self._respond, status_line, headers, body)

    def check_deadline(self) -> None:
        """End what has taken too long."""
        if self._shared.loop.now >= self._deadline:
            self.run(self._end_late)

    def close_if_idle(self) -> None:
        """Close the connection if nothing has happened on it for a moment."""
        is_busy = self.request or self._unsent or self._reader.has_begun
        if not is_busy and self._shared.loop.now - self._active_at > IDLE_WHILE_DRAINING_S:
            self.close()

    def close(self) -> None:
        """Close the connection at once."""
        if not self._is_closed:
            self._is_closed = True
            # A task that still waits for a thread refers to this connection: it finds no request
            # to answer, and holds no bytes that nobody counts any more.
            self.request = None
            self._reader.clear()
            self._shared.loop.unregister(self._socket.fileno())
            self._socket.close()
            self._shared.open.discard(self)
            self._shared.held_bytes -= self._held
            self._shared.on_close(self)

    def run(self, step: Callable[..., None], *arguments: Any) -> None:
        """Take a step; an error ends this connection, and nothing else."""
        if self._is_closed:
            return
        try:
            step(*arguments)
        except OSError:
            self.close()
        except Exception:
            logger.exception("A connection failed")
            self.close()
        self._update()

    def _go_on(self, flags: int) -> None:
        if self._unsent:
            self._write()
        elif self.request is None and not self._is_advancing:
            self._read()
        elif flags & GONE:
            self.close()
        else:
            self._watch(0)  # the next request arrives early: most clients wait for the response

    def _respond(self, status_line: str, headers: Headers, body: bytes) -> None:
        if self.request is None:
            return
        request, self.request = self.request, None
        is_draining = self._shared.is_draining and not self._reader.has_begun
        self._is_last = request.head.is_last or is_draining
        if len(body) > SMALL_BYTES and self._is_out_of_memory(len(body)):
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
            return
        closes = self._is_last
        self._send(responses.encode(status_line, headers, body, request=request, closes=closes))

    def _end_late(self) -> None:
        if self._is_advancing:
            return  # what is read already counts
        if self._unsent or self._is_lingering or not self._reader.has_begun:
            self.close()
            return
        self._read()  # what has arrived in time counts, though the loop was busy
        if self._shared.loop.now >= self._deadline and not self._is_closed:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    def _read(self) -> None:
        try:
            data = self._socket.recv(READ_BYTES)
        except BlockingIOError:
            return
        if not data:
            self.close()
            return
        if self._is_lingering:
            return
        had_begun = self._reader.has_begun
        self._reader.feed(data)
        if self._reader.has_begun:  # with empty lines alone, the connection stays idle
            self._active_at = self._shared.loop.now
            if not had_begun:
                self._set_deadline(self._shared.request_timeout_s)
        self._advance()

    def _advance(self) -> None:
        """Hand over the next request, if it has arrived."""
        try:
            self.request = self._reader.next_request()
        except RefusedError as error:
            self._refuse(error.status)
            return
        if self._reader.held_bytes and self._is_out_of_memory():
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
        elif self.request:
            self._deadline = math.inf
            self._shared.on_request(self, self.request)
        elif self._reader.wants_continue:
            self._reader.wants_continue = False
            self._send([responses.CONTINUE])
        elif self._reader.is_paused:
            self._advance_soon()

    def _is_out_of_memory(self, more_bytes: int = 0) -> bool:
        others = self._shared.held_bytes - self._held
        return others + self._reader.held_bytes + more_bytes > self._shared.max_held_bytes

    def _advance_soon(self) -> None:
        self._is_advancing = True
        self._shared.loop.call_soon(self._advance_now)

    def _advance_now(self) -> None:
        self._is_advancing = False
        self.run(self._advance)

    def _refuse(self, status: HTTPStatus) -> None:
        self._shared.on_refusal(status)
        self._is_last = True
        message = responses.message_of(responses.refusal(status))
        self._send(responses.encode(*message, request=None, closes=True))

    def _send(self, pieces: Sequence[bytes]) -> None:
        self._unsent = [*pieces]
        self._response_bytes = sum(map(len, pieces))
        self._set_deadline(self._shared.request_timeout_s)
        self._write()

    def _write(self) -> None:
        try:
            sent = self._socket.sendmsg(self._unsent)
        except BlockingIOError:
            return
        while self._unsent and sent >= len(self._unsent[0]):
            sent -= len(self._unsent.pop(0))
        self._active_at = self._shared.loop.now
        self._set_deadline(self._shared.request_timeout_s)
        if self._unsent:
            self._unsent[0] = memoryview(self._unsent[0])[sent:]
            return
        self._response_bytes = 0
        if self._is_last:
            self._linger()
        elif self._reader.has_begun:
            self._advance_soon()
        else:
            self._set_deadline(IDLE_S)

    def _linger(self) -> None:
        """Close once the client has, or after a time.

        To close with bytes unread resets the connection, and the client loses the response
        (RFC 9112, section 9.6).
        """
        self._is_lingering = True
        self._socket.shutdown(socket.SHUT_WR)
        self._set_deadline(LINGER_S)

    def _set_deadline(self, seconds: float) -> None:
        self._deadline = self._shared.loop.now + seconds

    def _update(self) -> None:
        """Watch what the state waits for, and count what it holds."""
        if self._is_closed:
            return
        if self._unsent:
            self._watch(select.EPOLLOUT)
        elif self.request is None:
            self._watch(READING)
        request_bytes = self.request.held_bytes if self.request else 0
        held = self._reader.held_bytes + request_bytes + self._response_bytes
        self._shared.held_bytes += held - self._held
        self._held = held

    def _watch(self, flags: int) -> None:
        if flags != self._flags:
            self._flags = flags
            self._shared.loop.modify(self._socket.fileno(), flags)
