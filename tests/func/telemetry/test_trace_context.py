"""W3C Trace Context: the headers and attributes that identify a trace."""

from __future__ import annotations

import pytest

from func.telemetry.trace_context import carrier_of, trace_id_of

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE_ID}-b7ad6b7169203331-01"
OTHER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    "traceparent",
    [
        pytest.param(TRACEPARENT, id="version-00"),
        pytest.param(f"cc{TRACEPARENT[2:]}", id="later-version"),
        pytest.param(f"cc{TRACEPARENT[2:]}-what-comes", id="later-version-with-more"),
    ],
)
def test_trace_id_is_parsed(traceparent):
    """The second field is the trace id, also in later versions of the format."""
    assert trace_id_of(traceparent) == TRACE_ID


@pytest.mark.parametrize(
    "traceparent",
    [
        pytest.param("", id="nothing"),
        pytest.param("marker", id="other-text"),
        pytest.param(f"{TRACEPARENT}-more", id="version-00-with-more"),
        pytest.param(f"ff{TRACEPARENT[2:]}", id="version-ff"),
        pytest.param(TRACEPARENT.upper(), id="upper-case"),
        pytest.param(f"00-{'0' * 32}-b7ad6b7169203331-01", id="no-trace"),
        pytest.param(f"00-{TRACE_ID}-{'0' * 16}-01", id="no-parent"),
        pytest.param(TRACEPARENT + "\n", id="line-feed"),
    ],
)
def test_malformed_traceparent_is_ignored(traceparent):
    """A malformed traceparent is treated as absent and is never quoted."""
    assert trace_id_of(traceparent) is None


@pytest.mark.parametrize(
    ("environ", "event", "carrier"),
    [
        pytest.param({}, {}, {}, id="neither"),
        pytest.param(
            {"HTTP_TRACEPARENT": TRACEPARENT, "HTTP_TRACESTATE": "a=1"},
            {"traceparent": OTHER, "tracestate": "b=2"},
            {"traceparent": TRACEPARENT, "tracestate": "a=1"},
            id="header-first",
        ),
        pytest.param(
            {"HTTP_TRACEPARENT": TRACEPARENT},
            {"tracestate": "b=2"},
            {"traceparent": TRACEPARENT},
            id="no-state-of-another",
        ),
        pytest.param(
            {"HTTP_TRACEPARENT": "marker", "HTTP_TRACESTATE": "a=1"},
            {"traceparent": OTHER, "tracestate": "b=2"},
            {"traceparent": OTHER, "tracestate": "b=2"},
            id="event-where-the-header-is-no-good",
        ),
        pytest.param({}, {"traceparent": "marker"}, {}, id="neither-is-good"),
        pytest.param(
            {"HTTP_TRACEPARENT": TRACEPARENT, "HTTP_TRACESTATE": "a=" + "1" * 511},
            {},
            {"traceparent": TRACEPARENT},
            id="state-is-too-long",
        ),
    ],
)
def test_parent_is_the_last_hop(environ, event, carrier):
    """The HTTP header takes precedence over the event's attribute, which names the first hop."""
    assert carrier_of(environ, event) == carrier
