"""The port of the metrics: a server of its own, in threads of its own, that can't hurt the other.

A scrape of the port of requests would count as traffic and keep pods from scaling to zero.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

from waitress.server import create_server

from func.server.event_loop import EventLoop
from func.telemetry.recorder import Telemetry

POLL_S = 0.5
IDLE_S = 90  # longer than between two scrapes, which share a connection
MAX_CONNECTIONS = 16
MAX_REQUEST_BYTES = 16 * 1024


class MetricsServer:
    """Answers scrapes until the process ends."""

    def __init__(self, listener: socket.socket, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._loop = EventLoop()
        own_handlers = 2  # what accepts, and what wakes the loop
        create_server(
            self._answer,
            sockets=[listener],
            ident=None,
            map=self._loop,
            threads=1,
            connection_limit=MAX_CONNECTIONS + own_handlers,
            channel_timeout=IDLE_S,
            cleanup_interval=IDLE_S,
            max_request_header_size=MAX_REQUEST_BYTES,
            max_request_body_size=MAX_REQUEST_BYTES,
            log_socket_errors=False,
        )

    def start(self) -> None:
        """Answer from now on, in the background."""
        threading.Thread(target=self._run, name="metrics", daemon=True).start()

    def _run(self) -> None:
        while True:
            self._loop.turn(POLL_S)
            self._loop.watch_all()

    def _answer(
        self, environ: dict[str, Any], start_response: Callable[..., object]
    ) -> Iterable[bytes]:
        self._telemetry.flush()
        return self._app(environ, start_response)

    @cached_property
    def _app(self) -> Callable[..., Iterable[bytes]]:
        from func.telemetry.prometheus import create_app  # noqa: PLC0415 - not before the first scrape

        assert self._telemetry.metrics  # noqa: S101 - there is a port for them
        return create_app(self._telemetry.metrics)
