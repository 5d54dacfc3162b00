"""The forms that attributes of events must have."""

from __future__ import annotations

import pytest

from func.errors import MalformedEventError
from func.protocols.cloudevents import Event

REQUIRED = {"specversion": "1.0", "id": "1", "source": "/test", "type": "test.type"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("source", "/chat/7?x=1#top", id="path"),
        pytest.param("source", "chat", id="relative"),
        pytest.param("source", "//host/path", id="network-path"),
        pytest.param("source", "https://user@[2001:db8::1]:8080/a%20b?q=/?#f", id="absolute"),
        pytest.param("source", "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66", id="urn"),
        pytest.param("dataschema", "https://example.com/schema.json", id="schema"),
        pytest.param("time", "2026-02-28T23:59:59Z", id="utc"),
        pytest.param("time", "1990-12-31t23:59:60.123456789-08:30", id="leap-second-and-offset"),
        pytest.param("subject", "any text: 100 %", id="subject"),
    ],
)
def test_attributes_of_the_right_form_are_accepted(name, value):
    """URIs of RFC 3986 and timestamps of RFC 3339 are kept as they are."""
    assert Event.from_json(REQUIRED | {name: value}).attributes[name] == value


@pytest.mark.parametrize(
    ("name", "values", "form"),
    [
        (
            "source",
            [
                "a b",
                "/ü",
                "%zz",
                "a#b#c",
                "1:b",
                "[x]",
                "a\\b",
                "//[::1]x",
                "//a[::1]",
                "//a@b@[::1]",
            ],
            "a URI-reference",
        ),
        (
            "dataschema",
            ["", "schema.json", "//host/x", "https://a b", "1:x", "w://%41[9]a"],
            "a URI",
        ),
        (
            "time",
            [
                *("", "yesterday", "2026-02-28", "2026-02-30T00:00:00Z", "2026-02-28T24:00:00Z"),
                *("2026-02-28T00:00:00", "2026-02-28 00:00:00Z", "2026-02-28T00:00:61Z"),
                *("2026-02-28T00:00:00+24:00", "2026-02-28T00:00:00.Z", "2026-02-28T00:00Z"),
                "\u0662026-02-28T00:00:00Z",
            ],
            "a timestamp of RFC 3339",
        ),
        ("subject", [""], "a string that is not empty"),
    ],
    ids=["source", "dataschema", "time", "subject"],
)
def test_attributes_of_another_form_are_malformed(name, values, form):
    """The error names the attribute and the form that it must have."""
    for value in values:
        with pytest.raises(MalformedEventError) as caught:
            Event.from_json(REQUIRED | {name: value})
        assert caught.value.message == f"The attribute '{name}' must be {form}", value


def test_forms_of_attributes_are_checked_in_linear_time():
    """An attribute as long as a body takes milliseconds, whatever it holds."""
    for source in (
        "//" + "a" * 1_000_000 + "\\",
        "a" * 1_000_000 + "\\",
        "%41" * 300_000 + "#" * 9,
    ):
        with pytest.raises(MalformedEventError):
            Event.from_json(REQUIRED | {"source": source})
