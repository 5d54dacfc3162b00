"""Overload: what is let in, and what has to be refused so that the rest is answered in time."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from waitress.utilities import Error

from func.errors import OverloadedError
from func.protocols.json_api import error_response
from func.server.event_loop import EventLoop
from func.settings import Settings
from func.telemetry.recorder import Telemetry

# Bodies that are not yet worked on, and answers that are not yet taken, over all connections.
MAX_HELD_BYTES = 64 * 1024 * 1024

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)[ \t]*(?:\r\n|\Z)")
# What ends the connection, or tells of the body's form or a second length, is read in full.
_UNUSUAL = re.compile(
    rb"\r\n(?:connection:(?![ \t]*keep-alive[ \t]*(?:\r\n|\Z))|transfer-encoding:|expect:)"
    rb"|content-length:.*content-length:",
    re.S,
)


class Refusal(Error):  # type: ignore[misc]  # noqa: N818 - it is no exception
    """Why a request is refused while it is received, in waitress's form."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__("")
        self.code, self.reason = status.value, status.phrase


class Admission:
    """Counts what waits, and decides who is refused.

    Attributes:
        most_waiting: of the requests that a turn of the event loop can read, how many are
            answered; the others are refused.
        request_timeout_s: how long a request may take to arrive, and to wait for a thread.
        is_draining: whether the server is about to end.
    """

    def __init__(self, loop: EventLoop, settings: Settings, telemetry: Telemetry) -> None:
        self.most_waiting = settings.max_waiting
        self.request_timeout_s = settings.request_timeout_s
        self.is_draining = False
        self._loop = loop
        self._telemetry = telemetry
        self._held_bytes = 0
        self._refused = 0

    def is_over_limit(self) -> bool:
        """Tell whether so many had their turn before this one that it has to be refused."""
        return self._loop.accepted >= self.most_waiting

    def reserve(self, count: int) -> bool:
        """Take so many bytes that can't be worked on yet; tell whether there is room for them."""
        self._held_bytes += count
        return self._held_bytes <= MAX_HELD_BYTES

    def count_refused(self) -> None:
        """Count a request that was refused because of overload."""
        self._refused += 1

    def refresh(self, channels: Iterable[Any]) -> None:
        """Count anew what connections hold, and tell how many requests were refused since."""
        self._held_bytes = sum(channel.held_bytes() for channel in channels)
        if self._refused:
            self._telemetry.record_overload(self._refused)
            self._refused = 0


def is_whole_post(data: bytes) -> bool:
    """Tell whether some bytes are just one POST request that ends where they end.

    Where this is not plain at a glance, the answer is no: the request is then read in full.
    """
    head, _, body = data.partition(b"\r\n\r\n")
    if not head.startswith(b"POST "):
        return False
    head = head.lower()
    length = _LENGTH.search(head)
    if length is None or int(length[1]) != len(body):
        return False
    return not _UNUSUAL.search(head)


@lru_cache(maxsize=1)
def overloaded(date: str) -> bytes:
    """Write the answer to a request that is refused because of overload."""
    return error_response(OverloadedError()).to_bytes(date)
