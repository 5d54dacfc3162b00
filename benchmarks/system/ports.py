"""Free ports."""

from __future__ import annotations

import socket
from contextlib import ExitStack

from benchmarks.load.http_client import HOST


def free_ports(count: int) -> list[int]:
    """Return ports on which no process listens."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((HOST, 0))
        return [each.getsockname()[1] for each in sockets]
