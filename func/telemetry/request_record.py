"""A request with its answer, as logs, counters and traces tell of it."""

from __future__ import annotations

from typing import NamedTuple

from func.messages import Response
from func.telemetry.trace_context import Carrier


class RequestRecord(NamedTuple):
    """What happened; nothing in it is what a user typed, but for the attributes of an event.

    Attributes:
        method: of the request; None for one that HTTP does not know.
        route: the path, if it is one of ours; None for any other.
        answer: what was sent back.
        duration_s: how long it took to find the answer.
        ended_at_s: when it was found, since the epoch.
        carrier: names the parent of the request's span; empty where there is none.
        is_cold: whether it is the first request of this process, probes aside.
    """

    method: str | None
    route: str | None
    answer: Response
    duration_s: float
    ended_at_s: float
    carrier: Carrier
    is_cold: bool
