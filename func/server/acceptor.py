"""Accepts connections, as many as there may be, and ends those whose time is over."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
from array import array

from func.server.connection import Connection, Shared
from func.server.listener import reporting_port_errors

MAX_ACCEPTED = 128  # in one iteration, so that open connections are served in between
SO_ATTACH_FILTER = 26  # <asm/socket.h>; the socket module does not name it
BPF_RETURN = 0x06  # <linux/bpf_common.h>: BPF_RET | BPF_K


class Acceptor:
    """Listens, and turns what the kernel has connected into connections."""

    def __init__(
        self, listener: socket.socket, shared: Shared, *, max_connections: int, backlog: int
    ) -> None:
        """Begin to listen.

        Raises:
            PortError: another process listens on the port.
        """
        self._listener, self._shared = listener, shared
        self._max_connections = max_connections
        self._is_paused = False
        self.port = listener.getsockname()[1]
        with reporting_port_errors(self.port):
            listener.listen(backlog)
        listener.settimeout(0)
        shared.loop.register(
            listener.fileno(), select.EPOLLIN, lambda _: self.accept(MAX_ACCEPTED), is_last=True
        )

    def accept(self, count: int) -> None:
        """Accept up to ``count`` connections that the kernel has made."""
        for _ in range(count):
            if len(self._shared.open) >= self._max_connections:
                self._pause(is_paused=True)
                return
            try:
                client, _ = self._listener.accept()
            except ConnectionError:  # this client has gone already
                continue
            except BlockingIOError:  # there is no other connection
                return
            except OSError:  # no more files can be opened
                self._pause(is_paused=True)
                return
            Connection(client, self._shared)

    def check(self) -> None:
        """End connections whose time is over, and accept again after a pause."""
        for connection in list(self._shared.open):
            connection.check_deadline()
        self._pause(is_paused=False)

    def close(self) -> None:
        """Accept each connection that the kernel has made, and refuse new ones."""
        refuse_new_connections(self._listener)
        self.accept(2 * socket.SOMAXCONN)
        self._shared.loop.unregister(self._listener.fileno())
        self._listener.close()

    def _pause(self, *, is_paused: bool) -> None:
        # A listener that can't accept would be ready in every iteration.
        if is_paused != self._is_paused:
            self._is_paused = is_paused
            flags = 0 if is_paused else select.EPOLLIN
            self._shared.loop.modify(self._listener.fileno(), flags)


def refuse_new_connections(listener: socket.socket) -> None:
    """Have the kernel drop connection attempts, while those it has made can be accepted.

    Without this, a connection made between the last accept and the close would be reset. The
    filter is a socket filter of Linux of one instruction, "return 0" (socket(7)).
    """
    instruction = array("B", struct.pack("HBBI", BPF_RETURN, 0, 0, 0))
    address, _ = instruction.buffer_info()
    program = struct.pack("HP", 1, address)
    with contextlib.suppress(OSError):  # without filters, the gap stays
        listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)
