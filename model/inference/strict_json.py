"""JSON as RFC 8259 defines it, and texts that UTF-8 can encode."""

from __future__ import annotations

import json
from math import isinf


def is_unicode(text: str) -> bool:
    r"""Return whether a text can be encoded; a lone surrogate such as JSON's ``\ud800`` can't."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _reject_constant(_: str) -> None:
    raise ValueError("NaN and Infinity are not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if isinf(number):  # such as 1e999: to write it again would make it a constant
        raise ValueError("The number exceeds the range of a float")
    return number


# A constant: json.loads would create a new decoder for each text.
DECODER = json.JSONDecoder(parse_constant=_reject_constant, parse_float=_finite)
