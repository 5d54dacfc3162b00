"""Open-loop load: requests at a fixed rate, independent of the server's responses.

``benchmarks.load.closed_loop`` waits for a response before it sends the next request, so that it
can't overload a server. This load sends by the clock, over as many connections as needed.
"""

from __future__ import annotations

import select
import socket
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import cycle

from benchmarks.load.http_client import CHUNK, HOST, OK, read_response
from benchmarks.reporting.statistics import percentile

REFUSED = 503
ANSWER_TIMEOUT_S = 10.0
POLL_S = 0.001


@dataclass(slots=True)
class Arrivals:
    """Results of one open-loop load.

    Attributes:
        seconds: duration of sending.
        due: number of requests due in that time; those without a free connection were not sent.
        sent: number of requests sent.
        good_ms, refused_ms: latencies of successful responses and of refusals.
        errors: number of failures by kind.
    """

    seconds: float = 0.0
    due: int = 0
    sent: int = 0
    good_ms: list[float] = field(default_factory=list)
    refused_ms: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)

    @property
    def offered_per_s(self) -> float:
        """Return the number of requests due per second."""
        return self.due / self.seconds

    def fields(self) -> dict[str, object]:
        """Return the fields for JSON."""
        return {
            "offered_per_s": self.offered_per_s,
            "sent_per_s": self.sent / self.seconds,
            "answered_per_s": len(self.good_ms) / self.seconds,
            "refused_per_s": len(self.refused_ms) / self.seconds,
            "answered_p50_ms": percentile(self.good_ms, 50),
            "answered_p99_ms": percentile(self.good_ms, 99),
            "refused_p99_ms": percentile(self.refused_ms, 99) if self.refused_ms else None,
            "errors": dict(self.errors),
        }


class OpenLoad:
    """Connections to a server over which requests are sent when they are due."""

    def __init__(self, port: int, requests: Sequence[bytes], connections: int) -> None:
        """Open the connections.

        Args:
            port: port of the server.
            requests: encoded requests, sent in turn and repeatedly.
            connections: maximum number of requests in flight.
        """
        self._requests = cycle(requests)
        self._poll = select.epoll()
        self._sockets = {}
        for _ in range(connections):
            connection = socket.create_connection((HOST, port), timeout=ANSWER_TIMEOUT_S)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets[connection.fileno()] = connection
            self._poll.register(connection, select.EPOLLIN)
        self._free = deque(self._sockets)
        self._sent_at: dict[int, float] = {}

    def run(self, rate: float, seconds: float, each_s: Callable[[], object]) -> Arrivals:
        """Send requests by the clock, then wait for the outstanding responses.

        Args:
            rate: requests per second.
            seconds: duration of sending.
            each_s: called once per second.
        """
        arrivals = Arrivals(seconds=seconds)
        start = time.perf_counter()
        last_second = 0
        while (passed := time.perf_counter() - start) < seconds:
            self._send_due(arrivals, int(passed * rate))
            self._receive(arrivals)
            if int(passed) > last_second:
                last_second = int(passed)
                each_s()
        deadline = time.perf_counter() + ANSWER_TIMEOUT_S
        while self._sent_at and time.perf_counter() < deadline:
            self._receive(arrivals)
        arrivals.errors["unanswered"] += len(self._sent_at)
        return arrivals

    def close(self) -> None:
        """Close all connections."""
        for connection in self._sockets.values():
            connection.close()
        self._poll.close()

    def _send_due(self, arrivals: Arrivals, due: int) -> None:
        for _ in range(min(due - arrivals.due, len(self._free))):
            number = self._free.popleft()
            self._sent_at[number] = time.perf_counter()
            self._sockets[number].send(next(self._requests))
            arrivals.sent += 1
        arrivals.due = due

    def _receive(self, arrivals: Arrivals) -> None:
        for number, _ in self._poll.poll(POLL_S):
            # Responses are small: each arrives in one read.
            answer = read_response(self._sockets[number].recv(CHUNK))
            sent_at = self._sent_at.pop(number, None)
            if answer is None or sent_at is None:
                arrivals.errors["closed"] += 1
                self._poll.unregister(number)
                continue
            self._free.append(number)
            waited_ms = (time.perf_counter() - sent_at) * 1000
            if answer.status == OK:
                arrivals.good_ms.append(waited_ms)
            elif answer.status == REFUSED:
                arrivals.refused_ms.append(waited_ms)
            else:
                arrivals.errors[f"status {answer.status}"] += 1
