"""The production server: it serves until it is told to stop, then drains.

waitress reads requests and writes answers in one event loop, so that slow clients hold no thread.
What it lacks is added in ``event_loop``, ``connection`` and, as to draining, here; on waitress 3.0.
"""

from __future__ import annotations

import contextlib
import logging
import math
import resource
import socket
import struct
import threading
import time
from array import array
from types import FrameType
from typing import TYPE_CHECKING

from waitress import wasyncore
from waitress.server import create_server

from func.server.batching import Batch
from func.server.connection import Channel
from func.server.dispatcher import Dispatcher
from func.server.event_loop import MAX_READY, EventLoop
from func.server.listener import reporting_port_errors
from func.server.metrics_server import MetricsServer
from func.server.overload import Admission
from func.settings import Settings
from func.telemetry.process_age import seconds_since_start

if TYPE_CHECKING:
    from func.app import App

logger = logging.getLogger(__name__)

BACKLOG = 2048
CONNECTION_LIMIT = 4096
OTHER_FILES = 64  # that a process may have open beside connections
# Above it, waitress moves an answer to a file; the root file system may be read-only.
MAX_ANSWER_BYTES = 256 * 1024 * 1024
POLL_S = 0.5
DRAIN_POLL_S = 0.05
SO_ATTACH_FILTER = 26  # <asm/socket.h>; the socket module does not name it
BPF_RETURN = 0x06  # <linux/bpf_common.h>: BPF_RET | BPF_K


class Server:
    """A WSGI server that can be told to finish its work and stop."""

    def __init__(self, app: App, listener: socket.socket, settings: Settings) -> None:
        self._stop_at: float | None = None
        self._settings = settings
        self._batch = Batch(app)
        # Half of what a turn handles is answered when all of it could be refused: however many
        # requests come in, most of the time goes into answers.
        most_ready = min(2 * settings.max_waiting, MAX_READY)
        self._loop = EventLoop(self._batch, most_ready=most_ready)
        self._check_at = 0.0
        self._telemetry = app.telemetry
        self._admission = Admission(self._loop, settings, app.telemetry)
        dispatcher = Dispatcher(app.is_inline, settings.max_waiting)
        dispatcher.set_thread_count(settings.threads)
        self._waitress = create_server(
            app,
            sockets=[listener],
            ident=None,
            map=self._loop,
            _dispatcher=dispatcher,
            connection_limit=_connection_limit(),
            backlog=BACKLOG,
            max_request_header_size=settings.max_header_bytes,
            # waitress refuses what reaches its limit, we what exceeds ours.
            max_request_body_size=settings.max_body_bytes + 1,
            inbuf_overflow=settings.max_body_bytes + 1,
            outbuf_overflow=MAX_ANSWER_BYTES,
            outbuf_high_watermark=MAX_ANSWER_BYTES,
            log_socket_errors=False,
        )
        self._waitress.next_channel_cleanup = math.inf  # see Channel.check_time
        self._waitress.channel_class = Channel
        self._waitress.adj.send_bytes = MAX_ANSWER_BYTES  # head and body in one packet
        self._waitress.pull_trigger = self._wake
        self._waitress.admission = self._admission
        self._waitress.app = app
        self._waitress.telemetry = app.telemetry

    def show_metrics(self, listener: socket.socket) -> None:
        """Show the counters on another port, from now on."""
        metrics = self._telemetry.metrics
        assert metrics  # noqa: S101 - there is a port for them
        metrics.in_flight = self._count_in_flight
        metrics.cold_start_s = seconds_since_start()
        host, port = listener.getsockname()[:2]
        with reporting_port_errors(port):
            MetricsServer(listener, self._telemetry).start()
        logger.info("Metrics on http://%s:%d/metrics", host, port)

    def stop(self, signal_number: int = 0, frame: FrameType | None = None) -> None:  # noqa: ARG002
        """Accept what has connected, answer what has been sent, and return from ``run``."""
        if self._stop_at is None:
            self._stop_at = time.monotonic() + self._settings.shutdown_delay_s
            with contextlib.suppress(OSError):  # asked by another thread, it may have ended by now
                self._wake()

    def run(self) -> None:
        """Serve until ``stop`` is called and all is answered, or the time for it is over."""
        self._waitress.task_dispatcher.event_loop = threading.get_ident()
        self._telemetry.buffer_records()
        while self._stop_at is None or self._loop.now < self._stop_at:
            self._turn(POLL_S)
        self._accept_waiting()
        self._drain(until=self._stop_at + self._settings.shutdown_timeout_s)
        self._admission.refresh(())  # tells of the last refusals
        self._waitress.task_dispatcher.shutdown(timeout=1)
        self._waitress.trigger.close()
        self._loop.close()

    def _count_in_flight(self) -> int:
        channels = list(self._waitress.active_channels.values())
        return sum(len(channel.requests) for channel in channels) + len(self._batch)

    def _wake(self) -> None:
        """Have the event loop look at what a thread has changed."""
        self._waitress.trigger.pull_trigger(self._loop.watch_all)

    def _turn(self, timeout_s: float) -> None:
        self._loop.turn(min(timeout_s, self._telemetry.flush_if_due(self._loop.now)))
        if self._loop.now >= self._check_at:
            self._check_at = self._loop.now + timeout_s
            self._check_connections()

    def _check_connections(self) -> None:
        channels = list(self._waitress.active_channels.values())
        for channel in channels:
            channel.check_time(self._loop.now)
        self._admission.refresh(channels)
        self._loop.watch_all()

    def _accept_waiting(self) -> None:
        """Accept each connection that the kernel has already made, then refuse new ones."""
        _refuse_new_connections(self._waitress.socket)
        self._loop.accept_waiting(self._waitress, 2 * BACKLOG)
        self._admission.is_draining = True
        wasyncore.dispatcher.close(self._waitress)

    def _drain(self, *, until: float) -> None:
        channels = self._waitress.active_channels
        while channels and time.monotonic() < until:
            for channel in list(channels.values()):
                channel.close_if_idle()
            self._loop.watch_all()
            self._turn(DRAIN_POLL_S)
        if channels:
            logger.warning("Stopped with %d connections unanswered", len(channels))


def _connection_limit() -> int:
    """Allow as many open files as the system lets us, and give how many may be connections."""
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    return max(1, min(CONNECTION_LIMIT, most_files - OTHER_FILES))


def _refuse_new_connections(listener: socket.socket) -> None:
    """Have the kernel drop connection attempts, while those it has made can be accepted.

    Without this, one that is made between the last accept and the close would be reset. The
    filter is a socket filter of Linux of one instruction, "return 0" (socket(7)).
    """
    instruction = array("B", struct.pack("HBBI", BPF_RETURN, 0, 0, 0))
    address, _ = instruction.buffer_info()
    program = struct.pack("HP", 1, address)
    with contextlib.suppress(OSError):  # where filters are not to be had, the gap stays
        listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)
