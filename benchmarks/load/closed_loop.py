"""Closed-loop load: open connections that send the next request after each response.

One process and one thread send requests that were encoded beforehand, so that the generator is no
bottleneck. The throughput command measures and prints the generator's own limit.
"""

from __future__ import annotations

import select
import socket
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle

from benchmarks.load.http_client import CHUNK, HOST, OK, Response, read_response
from benchmarks.reporting.statistics import percentile

CONNECT_TIMEOUT_S = 5.0
POLL_S = 0.05


@dataclass(slots=True)
class Outcome:
    """Results of a load.

    Attributes:
        seconds: duration of sending.
        latencies_ms: latency of each successful response.
        errors: number of failures by kind.
    """

    seconds: float = 0.0
    latencies_ms: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)

    @property
    def requests_per_s(self) -> float:
        """Return the number of successful responses per second."""
        return len(self.latencies_ms) / self.seconds

    def percentile_ms(self, percent: float) -> float:
        """Return a percentile of the latencies."""
        return percentile(self.latencies_ms, percent)


class _Connection:
    __slots__ = ("received", "sent_at", "socket")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection((HOST, port), timeout=CONNECT_TIMEOUT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(None)
        self.received = b""
        self.sent_at = 0.0

    def send(self, request: bytes) -> None:
        self.received = b""
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)


class Load:
    """Open connections to a server.

    Attributes:
        outcome: the results so far.
    """

    def __init__(
        self, port: int, requests: Sequence[bytes], connections: int, *, reconnects: bool = True
    ) -> None:
        """Prepare a load.

        Args:
            port: port of the server.
            requests: encoded requests, sent in turn and repeatedly.
            connections: number of connections, each with one request in flight.
            reconnects: whether to reopen a connection that the server closes.
        """
        self.outcome = Outcome()
        self._port, self._count, self._reconnects = port, connections, reconnects
        self._requests = cycle(requests)
        self._poll = select.epoll()
        self._open: dict[int, _Connection] = {}

    def run(self, seconds: float) -> Outcome:
        """Send requests for a number of seconds, or until no connection is left."""
        for _ in range(self._count):
            self._connect()
        start = time.perf_counter()
        while (now := time.perf_counter()) < start + seconds and self._open:
            for number, _ in self._poll.poll(POLL_S):
                self._receive(self._open[number])
        self.outcome.seconds = now - start
        for connection in list(self._open.values()):
            self._close(connection)
        self._poll.close()
        return self.outcome

    def _connect(self) -> None:
        try:
            connection = _Connection(self._port)
        except OSError:
            self.outcome.errors["refused"] += 1
            return
        number = connection.socket.fileno()
        self._open[number] = connection
        self._poll.register(number, select.EPOLLIN)
        self._send(connection)

    def _send(self, connection: _Connection) -> None:
        try:
            connection.send(next(self._requests))
        except OSError:
            self._lose(connection)

    def _receive(self, connection: _Connection) -> None:
        try:
            part = connection.socket.recv(CHUNK)
        except OSError:
            part = b""
        if not part:
            self._lose(connection)
            return
        connection.received += part
        if answer := read_response(connection.received):
            self._take(connection, answer)

    def _take(self, connection: _Connection, answer: Response) -> None:
        if answer.status == OK:
            waited_s = time.perf_counter() - connection.sent_at
            self.outcome.latencies_ms.append(waited_s * 1000)
        else:
            self.outcome.errors[f"status {answer.status}"] += 1
        if answer.closes:
            self._close(connection)
            self._replace()
        else:
            self._send(connection)

    def _lose(self, connection: _Connection) -> None:
        self.outcome.errors["unanswered"] += 1
        self._close(connection)
        self._replace()

    def _replace(self) -> None:
        if self._reconnects:
            self._connect()

    def _close(self, connection: _Connection) -> None:
        self._poll.unregister(connection.socket.fileno())
        del self._open[connection.socket.fileno()]
        connection.socket.close()
