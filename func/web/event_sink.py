"""The sink of the events that the function emits by itself."""

from __future__ import annotations

import http.client
from contextlib import closing
from threading import BoundedSemaphore
from typing import Self
from urllib.parse import SplitResult, urlsplit

from func.errors import NoSinkError, SinkRefusedError, SinkTimeoutError, SinkUnavailableError
from func.protocols.cloudevents import Event
from func.settings import Settings

TIMEOUT_S = 10.0  # to connect, and for the sink's answer


class EventSink:
    """Sends events to a URL, each over a connection of its own.

    It follows no redirects, and uses no proxy of the environment: a sink is in the cluster.
    """

    def __init__(self, url: str | None, max_events: int, *, timeout_s: float = TIMEOUT_S) -> None:
        """Create the sink.

        Args:
            url: where to send events; None for nowhere.
            max_events: the number of events that may be on their way at once.
            timeout_s: the longest time to connect, and for the sink to answer.
        """
        self._url = urlsplit(url) if url else None
        self._free = BoundedSemaphore(max_events)
        self._timeout_s = timeout_s

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Return the sink of the settings; a slow one leaves a thread to predictions."""
        return cls(settings.k_sink, max(1, settings.threads - 1))

    def require_url(self) -> SplitResult:
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
        try:
            status = self._post(url, event)
        except TimeoutError as error:
            raise SinkTimeoutError from error
        except http.client.HTTPException as error:
            raise SinkRefusedError from error
        except OSError as error:
            raise SinkUnavailableError from error
        finally:
            self._free.release()
        if status // 100 != 2:  # noqa: PLR2004 - any success
            raise SinkRefusedError

    def _post(self, url: SplitResult, event: Event) -> int:
        headers, body = event.to_binary()
        target = f"{url.path or '/'}{'?' if url.query else ''}{url.query}"
        with closing(_connection(url, self._timeout_s)) as connection:
            connection.request("POST", target, body, headers)
            return connection.getresponse().status


def _connection(url: SplitResult, timeout_s: float) -> http.client.HTTPConnection:
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    return kind(url.hostname or "", url.port, timeout=timeout_s)
