"""Strict JSON (RFC 8259) with a bound on nesting."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from itertools import accumulate
from typing import Any

from func.errors import BadRequestError
from func.settings import Settings
from model.inference.strict_json import DECODER

_BRACKET = re.compile(r"[][{}]")
# Possessive quantifiers and an optional closing quote keep the time linear for any input.
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)


def parse_json(text: str, settings: Settings) -> Any:
    """Parse JSON.

    Raises:
        BadRequestError: not JSON, or nested too deeply.
    """
    # Each level opens a bracket, so a text with few brackets needs no closer look.
    max_depth = settings.max_json_depth
    if text.count("{") + text.count("[") > max_depth and _depth(text) > max_depth:
        raise BadRequestError(f"The body may nest objects and lists at most {max_depth} deep")
    try:
        return DECODER.decode(text)
    except ValueError as error:
        raise BadRequestError("The body is not valid JSON") from error


def parse_object(text: str, settings: Settings) -> Mapping[str, Any]:
    """Parse a JSON object.

    Raises:
        BadRequestError: not JSON, nested too deeply, or another value than an object.
    """
    value = parse_json(text, settings)
    if not isinstance(value, dict):
        raise BadRequestError("The body must be a JSON object")
    return value


def render_json(value: object) -> bytes:
    r"""Return a value as compact JSON in UTF-8.

    A lone surrogate, which a request may hold in a name that its response repeats, has no UTF-8: it
    is repeated as the escape that it came as, such as ``\ud800``.
    """
    # Python's escape for what it can't encode is JSON's, and surrogates occur in strings only.
    return _ENCODER.encode(value).encode(errors="backslashreplace")


def _depth(text: str) -> int:
    """Return the maximum number of open brackets; for invalid JSON it may be any number."""
    brackets = _BRACKET.findall(_STRING.sub("", text))
    return max(accumulate(1 if bracket in "{[" else -1 for bracket in brackets), default=0)


# A constant: json.dumps would create a new encoder for each response. No response contains itself,
# so that nothing needs to look for circles. NaN would be no JSON: to raise an error is better.
_ENCODER = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), check_circular=False, allow_nan=False
)
