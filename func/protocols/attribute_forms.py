"""The forms of event attributes: URIs (RFC 3986) and timestamps (RFC 3339)."""

from __future__ import annotations

import re
from datetime import date

_CHAR = r"(?:[\w.~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})"
_USER = r"(?:[\w.~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})"
# RFC 3986, appendix A; none of the repetitions overlap, which keeps the time linear.
_AFTER_SCHEME = (
    rf"(?://(?:(?:{_USER}*+@)?\[[\w.:]+\](?::[0-9]*)?|{_CHAR}*+)(?:/(?:{_CHAR}|/)*+)?+"
    rf"|(?!//)(?:{_CHAR}|/)*+)(?:\?(?:{_CHAR}|[/?])*+)?+(?:#(?:{_CHAR}|[/?])*+)?+"
)
_URI = re.compile(rf"[A-Za-z][A-Za-z0-9+.-]*:{_AFTER_SCHEME}", re.ASCII)
_RELATIVE_REFERENCE = re.compile(rf"(?![^/?#]*:){_AFTER_SCHEME}", re.ASCII)
_HOUR_MINUTE = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_TIME = re.compile(
    rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[Tt]{_HOUR_MINUTE}:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
    rf"(?:[Zz]|[+-]{_HOUR_MINUTE})"
)


def is_uri(value: str) -> bool:
    """Return whether a value is a URI (RFC 3986, section 3)."""
    return bool(_URI.fullmatch(value))


def is_uri_reference(value: str) -> bool:
    """Return whether a value is a URI or a relative reference (RFC 3986, section 4.1)."""
    return is_uri(value) or bool(_RELATIVE_REFERENCE.fullmatch(value))


def is_timestamp(value: str) -> bool:
    """Return whether a value is a date and time of RFC 3339."""
    try:
        return bool(_TIME.fullmatch(value) and date.fromisoformat(value[:10]))
    except ValueError:
        return False
