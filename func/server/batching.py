"""Requests that arrive together are answered together, by one prediction for all their texts.

Inference servers call this dynamic batching. No request waits for others to arrive: a batch holds
the requests that the event loop could read in one iteration.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from func.messages import Deferred, PendingRequest, Response

logger = logging.getLogger(__name__)

MAX_WORK_US = 3000  # of one batch; with the parsing, the event loop is held up for some 5 ms
SHARED_US = 60  # of each request's estimated work: a batch spends it once
MAX_REQUESTS = 32  # more are hardly faster, and the first waits longer for the last

Sender = TypeVar("Sender")


class Batch(Generic[Sender]):
    """The requests that are parsed and not yet answered."""

    def __init__(
        self,
        answer: Callable[[Sequence[PendingRequest]], Sequence[Response | Deferred]],
        send: Callable[[Sender, Response | Deferred | None], None],
    ) -> None:
        """Create an empty batch.

        Args:
            answer: returns the responses to requests; some may be deferred.
            send: sends a response to the sender of its request; None if ``answer`` failed.
        """
        self._answer, self._send = answer, send
        self._requests: list[tuple[Sender, PendingRequest]] = []
        self._work_us = 0

    def __len__(self) -> int:
        """Return the number of requests."""
        return len(self._requests)

    def add(self, sender: Sender, request: PendingRequest) -> None:
        """Add a request; answer those before it first if it would be too much work with them."""
        work = max(0, request.parsed.work - SHARED_US)
        if SHARED_US + self._work_us + work > MAX_WORK_US or len(self) >= MAX_REQUESTS:
            self.flush()
        self._requests.append((sender, request))
        self._work_us += work

    def flush(self) -> None:
        """Answer all requests."""
        if not self._requests:
            return
        requests, self._requests, self._work_us = self._requests, [], 0
        responses: Sequence[Response | Deferred | None]
        try:
            responses = self._answer([request for _, request in requests])
        except Exception:
            logger.exception("A batch failed")
            responses = [None] * len(requests)
        for (sender, _), response in zip(requests, responses, strict=True):
            self._send(sender, response)
