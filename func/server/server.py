"""The production server: it serves until a signal asks it to stop, then drains."""

from __future__ import annotations

import logging
import resource
import socket
import time
from types import FrameType

from func.app import App
from func.server.acceptor import Acceptor
from func.server.connection import Shared
from func.server.dispatcher import Dispatcher
from func.server.event_loop import MAX_READY, EventLoop
from func.server.listener import url_of
from func.server.metrics_server import MetricsServer
from func.settings import Settings
from func.telemetry.process_age import seconds_since_start

logger = logging.getLogger(__name__)

BACKLOG = 2048
CONNECTION_LIMIT = 8192  # an idle one takes less than 2 KiB
OTHER_FILES = 64  # that a process may have open beside connections
MAX_HELD_BYTES = 32 * 1024 * 1024
POLL_S = 0.5
DRAIN_POLL_S = 0.05


class Server:
    """Owns the event loop, and with it all connections.

    Attributes:
        port: where it listens.
        shared: the limits and counters of its connections.
    """

    def __init__(self, app: App, listener: socket.socket, settings: Settings) -> None:
        """Begin to listen.

        Raises:
            PortError: another process listens on the port.
        """
        self._settings, self._telemetry = settings, app.telemetry
        self._stops = 0
        self._check_at = 0.0
        self._dispatcher = Dispatcher(app, settings)
        # Of the requests that one iteration reads, at least half are answered under overload.
        max_ready = min(2 * settings.max_waiting, MAX_READY)
        self._loop = EventLoop(self._dispatcher.after_reads, max_ready=max_ready)
        self._dispatcher.loop = self._loop
        self.shared = Shared(
            loop=self._loop,
            on_request=self._dispatcher.on_request,
            on_refusal=app.telemetry.record_refusal,
            on_close=self._dispatcher.on_close,
            max_header_bytes=settings.max_header_bytes,
            max_body_bytes=settings.max_body_bytes,
            request_timeout_s=settings.request_timeout_s,
            max_held_bytes=max(MAX_HELD_BYTES, 2 * settings.max_body_bytes),
        )
        self._acceptor = Acceptor(
            listener, self.shared, max_connections=connection_limit(), backlog=BACKLOG
        )
        self.port = self._acceptor.port

    def show_metrics(self, listener: socket.socket) -> None:
        """Serve the counters on another port, from now on.

        Raises:
            PortError: another process listens on the port.
        """
        metrics = self._telemetry.metrics
        assert metrics  # noqa: S101 - there is a port for them
        metrics.in_flight = self.count_in_flight
        metrics.cold_start_s = seconds_since_start()
        MetricsServer(listener, self._telemetry).start()
        logger.info("Metrics on %s/metrics", url_of(listener))

    def stop(self, signal_number: int = 0, frame: FrameType | None = None) -> None:  # noqa: ARG002
        """Have ``run`` drain and return; at the second call, return without draining.

        It takes no lock, so that a signal may interrupt anything to call it.
        """
        self._stops += 1
        self._loop.wake()

    def run(self) -> None:
        """Serve until ``stop`` is called and all is answered, or the time for it is over."""
        self._telemetry.buffer_records()
        while not self._stops:
            self._run_once(POLL_S)
        logger.info("Stopping")
        stop_at = time.monotonic() + self._settings.shutdown_delay_s
        while self._loop.now < stop_at and self._stops == 1:
            self._run_once(min(POLL_S, max(0.0, stop_at - self._loop.now)))
        self._acceptor.close()
        self.shared.is_draining = True
        self._drain(until=time.monotonic() + self._settings.shutdown_timeout_s)
        self._dispatcher.record_refused()
        self._loop.close()

    def count_in_flight(self) -> int:
        """Return the number of requests that have arrived and are not yet answered."""
        return sum(connection.request is not None for connection in self.shared.open.copy())

    def _run_once(self, timeout_s: float) -> None:
        self._loop.run_once(min(timeout_s, self._telemetry.flush_if_due(self._loop.now)))
        if self._loop.now >= self._check_at:
            self._check_at = self._loop.now + timeout_s
            self._acceptor.check()
            self._dispatcher.record_refused()

    def _drain(self, *, until: float) -> None:
        connections = self.shared.open
        while connections and time.monotonic() < until and self._stops == 1:
            self._loop.run_once(DRAIN_POLL_S)
            self._telemetry.flush_if_due(self._loop.now)
            for connection in list(connections):
                connection.check_deadline()
                connection.close_if_idle()
        if connections:
            logger.warning("Stopped with %d connections unanswered", len(connections))
        for connection in list(connections):
            connection.close()


def connection_limit() -> int:
    """Raise the limit of open files as far as allowed; return how many may be connections."""
    _, max_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max_files, max_files))
    return max(1, min(CONNECTION_LIMIT, max_files - OTHER_FILES))
