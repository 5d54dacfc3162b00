"""The metrics port: an event loop of its own in a thread, so that neither port delays the other.

A scrape of the port of requests would count as traffic and keep pods from scaling to zero.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable
from functools import cached_property

from func.server.acceptor import Acceptor
from func.server.connection import Connection, Shared
from func.server.event_loop import EventLoop
from func.server.request_reader import ReceivedRequest
from func.server.responses import call_wsgi, or_failed
from func.telemetry.recorder import Telemetry

POLL_S = 0.5
REQUEST_TIMEOUT_S = 10.0
MAX_CONNECTIONS = 16
MAX_REQUEST_BYTES = 16 * 1024
MAX_HELD_BYTES = 8 * 1024 * 1024


class MetricsServer:
    """Answers scrapes until the process ends."""

    def __init__(self, listener: socket.socket, telemetry: Telemetry) -> None:
        """Begin to listen.

        Raises:
            PortError: another process listens on the port.
        """
        self._telemetry = telemetry
        self._loop = EventLoop()
        shared = Shared(
            loop=self._loop,
            on_request=self._answer,
            on_refusal=lambda _: None,
            max_header_bytes=MAX_REQUEST_BYTES,
            max_body_bytes=MAX_REQUEST_BYTES,
            request_timeout_s=REQUEST_TIMEOUT_S,
            max_held_bytes=MAX_HELD_BYTES,
        )
        self._acceptor = Acceptor(
            listener, shared, max_connections=MAX_CONNECTIONS, backlog=MAX_CONNECTIONS
        )

    def start(self) -> None:
        """Answer from now on, in the background."""
        threading.Thread(target=self._run, name="metrics", daemon=True).start()

    def _run(self) -> None:
        while True:
            self._loop.run_once(POLL_S)
            self._acceptor.check()

    def _answer(self, connection: Connection, request: ReceivedRequest) -> None:
        self._telemetry.flush()
        connection.respond(*or_failed(lambda: call_wsgi(self._app, request.environ())))

    @cached_property
    def _app(self) -> Callable[..., Iterable[bytes]]:
        from func.telemetry.prometheus import create_app  # noqa: PLC0415 - not before the first scrape

        assert self._telemetry.metrics  # noqa: S101 - there is a port for them
        return create_app(self._telemetry.metrics)
