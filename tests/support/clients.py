"""Clients that send requests continuously and count the responses."""

from __future__ import annotations

import http.client
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Self

from tests.support.timeouts import TIMEOUT_S

Send = Callable[[http.client.HTTPConnection], object]


class Clients:
    """Clients, each in a thread with a connection of its own.

    Attributes:
        counts: number of results by kind: a status, or the name of an error.
    """

    def __init__(self, port: int, sends: Sequence[Send]) -> None:
        """Prepare the clients.

        Args:
            port: port of the server.
            sends: a function for each client, which sends a request and returns its result.
        """
        self.counts: Counter[object] = Counter()
        self._port = port
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(send,)) for send in sends]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join(TIMEOUT_S)

    def _run(self, send: Send) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_S)
        while not self._is_over.is_set():
            try:
                outcome = send(connection)
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                outcome = type(error).__name__
            self.counts[outcome] += 1
        connection.close()


def post(body: bytes, path: str = "/predict", **headers: str) -> Send:
    """Post a body, and return the status of the response."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}

    def send(connection: http.client.HTTPConnection) -> int:
        connection.request("POST", path, body, {"Content-Type": "application/json", **fields})
        response = connection.getresponse()
        response.read()
        return response.status

    return send


def get(path: str) -> Send:
    """Request a path, and return the status of the response."""

    def send(connection: http.client.HTTPConnection) -> int:
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        return response.status

    return send
