"""The production server: ``python -m func.server`` serves until SIGTERM, then drains.

waitress reads requests and writes answers in one event loop, and hands whole requests to worker
threads, so that slow clients hold no thread. What it lacks is added here, on waitress 3.0:
draining, JSON for requests that it refuses itself, and closing without cutting off the answer.
"""

from __future__ import annotations

import os

# Read by numpy's and scikit-learn's libraries when they are loaded: one thread for each request
# is enough, and more of them would fight for the CPUs.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import contextlib
import ctypes
import logging
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable
from http import HTTPStatus
from types import FrameType
from typing import Any

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import create_server
from waitress.task import ErrorTask

from func import telemetry
from func.json_api import JSON, render_json
from func.settings import Settings, SettingsError
from model.errors import ArtifactError

logger = logging.getLogger(__name__)

CAN_NOT_START = 1
BACKLOG = 2048
CONNECTION_LIMIT = 4096
MAX_HEADER_BYTES = 64 * 1024
# Above it, waitress moves an answer to a file; the root file system may be read-only.
MAX_ANSWER_BYTES = 256 * 1024 * 1024
POLL_S = 0.5
# A client that keeps its connection open sends its next request well within this time.
IDLE_WHILE_DRAINING_S = 1.0
LINGER_S = 2.0
SO_ATTACH_FILTER = 26  # <asm/socket.h>; the socket module does not name it
BPF_RETURN = 0x06  # <linux/bpf_common.h>: BPF_RET | BPF_K


def main() -> int:
    """Serve until a signal asks to stop.

    Returns:
        The exit code: 0 after a stop by SIGTERM or SIGINT, 1 when it can't start.
    """
    try:
        settings = Settings.from_environ(os.environ)
        listener = _bind(settings)
        # Imported late, so that wrong settings are told at once.
        from func.app import load_app  # noqa: PLC0415

        server = Server(load_app(settings), listener, settings)
    except (SettingsError, ArtifactError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - the logs may not be configured yet
        return CAN_NOT_START
    except OSError as error:
        print(f"Can't listen on port {settings.port}: {error.strerror}", file=sys.stderr)  # noqa: T201
        return CAN_NOT_START
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.stop)
    logger.info("Serving on http://%s:%d", *listener.getsockname()[:2])
    server.run()
    logger.info("Stopped")
    return 0


class Server:
    """A WSGI server that can be told to finish its work and stop."""

    def __init__(
        self, app: Callable[..., Any], listener: socket.socket, settings: Settings
    ) -> None:
        self._stop_at: float | None = None
        self._timeout_s = settings.shutdown_timeout_s
        self._waitress = create_server(
            app,
            sockets=[listener],
            threads=settings.threads,
            ident=None,
            asyncore_use_poll=True,
            connection_limit=CONNECTION_LIMIT,
            backlog=BACKLOG,
            max_request_header_size=MAX_HEADER_BYTES,
            # waitress refuses what reaches its limit, we what exceeds ours.
            max_request_body_size=settings.max_body_bytes + 1,
            inbuf_overflow=settings.max_body_bytes + 1,
            outbuf_overflow=MAX_ANSWER_BYTES,
            log_socket_errors=False,
        )
        self._waitress.channel_class = Channel
        self._waitress.is_draining = False

    def stop(self, signal_number: int = 0, frame: FrameType | None = None) -> None:  # noqa: ARG002
        """Accept what has connected, answer what has been sent, and return from ``run``."""
        if self._stop_at is None:
            self._stop_at = time.monotonic()
            self._waitress.pull_trigger()

    def run(self) -> None:
        """Serve until ``stop`` is called and all is answered, or the time for it is over."""
        while self._stop_at is None:
            self._poll(POLL_S)
        self._accept_waiting()
        self._drain(until=self._stop_at + self._timeout_s)
        self._waitress.task_dispatcher.shutdown(timeout=1)
        wasyncore.close_all(self._waitress._map)

    def _poll(self, timeout_s: float) -> None:
        wasyncore.loop(timeout_s, use_poll=True, map=self._waitress._map, count=1)

    def _accept_waiting(self) -> None:
        """Accept each connection that the kernel has already made, then refuse new ones."""
        _refuse_new_connections(self._waitress.socket)
        channels = self._waitress.active_channels
        accepted = -1
        while accepted != len(channels):
            accepted = len(channels)
            self._waitress.handle_accept()
        self._waitress.is_draining = True
        wasyncore.dispatcher.close(self._waitress)

    def _drain(self, *, until: float) -> None:
        channels = self._waitress.active_channels
        while channels and time.monotonic() < until:
            for channel in list(channels.values()):
                channel.close_if_idle()
            self._poll(0.05)
        if channels:
            logger.warning("Stopped with %d connections unanswered", len(channels))


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
    is_lingering = False
    linger_until: float | None = None

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
        """Take in what was sent; throw it away when the answer was already given."""
        return self.linger_until is None and bool(super().received(data))

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


def _refuse_new_connections(listener: socket.socket) -> None:
    """Have the kernel drop connection attempts, while those it has made can be accepted.

    Without this, one that is made between the last accept and the close would be reset. The
    filter is a socket filter of Linux of one instruction, "return 0" (socket(7)).
    """
    instruction = ctypes.create_string_buffer(struct.pack("HBBI", BPF_RETURN, 0, 0, 0))
    program = struct.pack("HP", 1, ctypes.addressof(instruction))
    with contextlib.suppress(OSError):  # where filters are not to be had, the gap stays
        listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)


def _bind(settings: Settings) -> socket.socket:
    """Take the port; it listens only once the model is loaded, so that no probe succeeds early."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError:
        listener.close()
        raise
    return listener


if __name__ == "__main__":
    sys.exit(main())
