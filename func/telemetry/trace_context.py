"""The trace that a request belongs to, by W3C Trace Context (Level 1)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from func.messages import Environ

_TRACEPARENT = re.compile(
    r"(?!ff)(?P<version>[0-9a-f]{2})-(?!0{32})(?P<trace_id>[0-9a-f]{32})"
    r"-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?P<more>-.*)?",
    re.ASCII,
)

MAX_STATE = 512

Carrier = Mapping[str, str]


def carrier_of(environ: Environ, event: Mapping[str, str]) -> Carrier:
    """Return ``traceparent`` and, if present, ``tracestate`` of a request; empty without a trace.

    Its headers name the last hop, so they take precedence over the attributes of its event, which
    name the event's origin.
    """
    if trace_id_of(header := environ.get("HTTP_TRACEPARENT", "")):
        return _carrier(header, environ.get("HTTP_TRACESTATE", ""))
    if trace_id_of(attribute := event.get("traceparent", "")):
        return _carrier(attribute, event.get("tracestate", ""))
    return {}


def trace_id_of(traceparent: str) -> str | None:
    """Return the id of the trace, 32 hexadecimal digits; None if there is no valid one."""
    match = _TRACEPARENT.fullmatch(traceparent) if traceparent else None
    if match is None or (match["version"] == "00" and match["more"]):
        return None
    return match["trace_id"]


def _carrier(traceparent: str, tracestate: str) -> Carrier:
    # Longer ones may be dropped (Trace Context, section 3.3.1.5), and records wait in memory.
    has_state = 0 < len(tracestate) <= MAX_STATE
    return {"traceparent": traceparent} | ({"tracestate": tracestate} if has_state else {})
