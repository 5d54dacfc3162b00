"""A request with its response, as logs, metrics and traces record it."""

from __future__ import annotations

from typing import NamedTuple

from func.messages import Response
from func.telemetry.trace_context import Carrier

PROBES = frozenset(
    ("/health", "/health/liveness", "/health/readiness", "/v2/health/live", "/v2/health/ready")
)


def route_of(path: str) -> str:
    """Return the route of an inline path; the name of a model is no part of it."""
    return "/models/<name>/predict" if path.startswith("/models/") else path


class RequestRecord(NamedTuple):
    """A request that was answered; except in an event's attributes, it holds no text of users.

    Attributes:
        method: of the request; None for one that HTTP does not know.
        route: the path, if it is one of ours; None for any other.
        response: as it was sent.
        duration_s: the time from the request's arrival to its response.
        ended_at_s: the time of the response, since the epoch.
        carrier: names the parent of the request's span; empty if there is none.
        is_cold: whether it is the first request of this process, probes aside.
    """

    method: str | None
    route: str | None
    response: Response
    duration_s: float
    ended_at_s: float
    carrier: Carrier
    is_cold: bool

    @property
    def is_probe(self) -> bool:
        """Return whether it is a health check of Kubernetes."""
        return self.route in PROBES
