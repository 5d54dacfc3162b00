"""Timeouts and intervals."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Timeouts and intervals, in seconds.

    Attributes:
        timeout_s: of each wait.
        request_s: of each request to the API or the function.
        patience_s: how long requests to an unavailable API are repeated.
        watch_s: how long a watch lasts.
        poll_s: between two reads where no watch works.
        pods_s: between two checks of a starting candidate's pods.
        scheduling_s: how long pods may be unschedulable; an autoscaler takes minutes to add a node.
        check_s: between two checks of the candidate during a step.
    """

    timeout_s: float = 300.0
    request_s: float = 10.0
    patience_s: float = 30.0
    watch_s: float = 60.0
    poll_s: float = 1.0
    pods_s: float = 2.0
    scheduling_s: float = 240.0
    check_s: float = 5.0
