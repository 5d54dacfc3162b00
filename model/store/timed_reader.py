"""Reads from a socket that all end by one deadline, however a server spaces its bytes."""

from __future__ import annotations

import io
import socket
import time
from typing import Any


class TimedReader(io.RawIOBase):
    """The reading side of a socket; a timeout of the socket begins again with every byte.

    Attributes:
        deadline: when reading ends with a TimeoutError, by ``time.monotonic``; may be moved.
    """

    def __init__(self, connected: socket.socket, file: io.RawIOBase, deadline: float) -> None:
        """Take a connected socket, and its unbuffered file."""
        self.deadline = deadline
        self._socket, self._file = connected, file

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read into a buffer; raise TimeoutError at the deadline."""
        remaining_s = self.deadline - time.monotonic()
        if remaining_s <= 0:  # also of a server that never pauses
            raise TimeoutError
        self._socket.settimeout(remaining_s)
        return self._file.readinto(buffer)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()
