"""Ports: taken first of all, and listened on once there is something to answer with."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

# Of each connection; the kernel doubles it. What it holds of a response that its client does not
# read is counted nowhere: by default it would take megabytes, and the response would seem sent.
SEND_BUFFER_BYTES = 64 * 1024


class PortError(Exception):
    """A port can't be had.

    Attributes:
        port: the port.
        reason: as the system tells it.
    """

    def __init__(self, port: int, reason: str) -> None:
        self.port, self.reason = port, reason
        super().__init__(f"Can't listen on port {port}: {reason}")


def bind(host: str, port: int) -> socket.socket:
    """Take a port; it listens only once the model is loaded, so that no probe succeeds early.

    Raises:
        PortError: it can't be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    try:
        with reporting_port_errors(port):
            listener.bind((host, port))
    except PortError:
        listener.close()
        raise
    return listener


@contextmanager
def reporting_port_errors(port: int) -> Iterator[None]:
    """Convert an OSError from bind() or listen() into a PortError.

    Raises:
        PortError: it can't be had.
    """
    try:
        yield
    except OSError as error:
        raise PortError(port, error.strerror or type(error).__name__) from error
