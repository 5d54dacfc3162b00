"""Ports: bound first of all, and listened on once the model can answer."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

# The kernel's buffer for each connection, which it doubles. Bytes in it count as sent, although the
# client may never read them: by default, the buffer would grow to megabytes.
SEND_BUFFER_BYTES = 64 * 1024


class PortError(Exception):
    """The server can't listen on a port.

    Attributes:
        port: the port.
        reason: the message of the operating system.
    """

    def __init__(self, port: int, reason: str) -> None:
        self.port, self.reason = port, reason
        super().__init__(f"Can't listen on port {port}: {reason}")


def bind(host: str, port: int) -> socket.socket:
    """Return a socket on a port that does not listen yet: no probe may succeed before the load.

    Raises:
        PortError: the port is taken, or not allowed.
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


def url_of(listener: socket.socket) -> str:
    """Return the URL of a bound socket, with brackets around an address of IPv6."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextmanager
def reporting_port_errors(port: int) -> Iterator[None]:
    """Convert an OSError from bind() or listen() into a PortError.

    Raises:
        PortError: the port is taken, or not allowed.
    """
    try:
        yield
    except OSError as error:
        raise PortError(port, error.strerror or type(error).__name__) from error
