"""How long things may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds; tests shorten them.

    Attributes:
        timeout_s: for whatever is waited for.
        request_s: for the API to answer one request, and for the function as well.
        patience_s: for an API that does not answer to come back.
        watch_s: until a watch is begun anew.
        poll_s: between two reads, where no watch tells of changes.
        check_s: between two looks at the candidate while a step lasts.
    """

    timeout_s: float = 300.0
    request_s: float = 10.0
    patience_s: float = 30.0
    watch_s: float = 60.0
    poll_s: float = 1.0
    check_s: float = 5.0
