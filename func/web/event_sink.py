"""The sink of the events that the function emits by itself."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from threading import BoundedSemaphore
from typing import Self

from func.errors import (
    NoSinkError,
    SinkError,
    SinkRefusedError,
    SinkTimeoutError,
    SinkUnavailableError,
)
from func.outgoing.errors import NoAnswerError, Reason
from func.outgoing.http_client import HttpClient
from func.protocols.cloudevents import Event
from func.settings import Settings

TIMEOUT_S = 10.0
ERRORS: Mapping[Reason, type[SinkError]] = {
    "timeout": SinkTimeoutError,
    "unreachable": SinkUnavailableError,
    "refused": SinkRefusedError,
    "malformed": SinkRefusedError,
}


class EventSink:
    """Sends events to a URL, each over a connection of its own.

    It follows no redirects, and uses no proxy of the environment: a sink is in the cluster.
    """

    def __init__(self, url: str | None, max_events: int, *, timeout_s: float = TIMEOUT_S) -> None:
        """Create a sink; at most ``max_events`` may be on their way at once."""
        self._url = url
        self._free = BoundedSemaphore(max_events)
        self._timeout_s = timeout_s

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Return the sink of the settings; a slow one leaves a thread to predictions."""
        return cls(settings.k_sink, max(1, settings.threads - 1))

    def require_url(self) -> str:
        """Return the URL of the sink.

        Raises:
            NoSinkError: there is none.
        """
        if self._url is None:
            raise NoSinkError
        return self._url

    def send(self, event: Event) -> None:
        """Send an event in binary mode.

        Raises:
            NoSinkError: there is no sink.
            SinkRefusedError: the sink answered with another status than 2xx, or not in HTTP.
            SinkUnavailableError: it can't be reached, or too many events are on their way.
            SinkTimeoutError: it did not answer in time.
        """
        url = self.require_url()
        if not self._free.acquire(blocking=False):
            raise SinkUnavailableError
        headers, body = event.to_binary()
        try:
            with closing(HttpClient(url)) as client:
                client.post(body, headers, time.monotonic() + self._timeout_s)
        except NoAnswerError as error:
            raise ERRORS[error.reason] from error
        finally:
            self._free.release()
