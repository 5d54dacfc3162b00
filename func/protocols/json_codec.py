"""Strict JSON (RFC 8259) with bounds on nesting, and on the number of objects and lists."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import accumulate
from typing import Any

from func.errors import BadRequestError, TooLargeError
from func.settings import Settings
from model.inference.strict_json import DECODER

# A body may hold one object or list for every so many bytes of the largest allowed body. Requests
# hold fewer, even with hundreds of questions; the decoder would take longest for many tiny lists,
# and holds the interpreter's lock.
BYTES_PER_CONTAINER = 10

_OPEN = ord("[")
_BRACKETS = b"[]{}"
_OTHERS = bytes(sorted({*range(256)}.difference(_BRACKETS)))
_AS_SQUARE = bytes.maketrans(b"{}", b"[]")


def parse_json(text: str, settings: Settings) -> Any:
    """Parse JSON.

    Raises:
        BadRequestError: not JSON, or nested too deeply.
        TooLargeError: too many objects and lists.
    """
    # Each level opens a bracket, so a text with few brackets needs no closer look.
    if text.count("{") + text.count("[") > settings.max_json_depth:
        _check_structure(_brackets(text), settings)
    try:
        return DECODER.decode(text)
    except ValueError as error:
        raise BadRequestError("The body is not valid JSON") from error


def parse_object(text: str, settings: Settings) -> Mapping[str, Any]:
    """Parse a JSON object.

    Raises:
        BadRequestError: not JSON, nested too deeply, or another value than an object.
        TooLargeError: too many objects and lists.
    """
    value = parse_json(text, settings)
    if not isinstance(value, dict):
        raise BadRequestError("The body must be a JSON object")
    return value


def whole_number(value: object) -> int | None:
    """Return a whole number, which JSON may write as ``3.0`` too; None for anything else."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def render_json(value: object) -> bytes:
    r"""Return a value as compact JSON in UTF-8.

    A lone surrogate, which a request may hold in a name that its response repeats, has no UTF-8: it
    is repeated as the escape that it came as, such as ``\ud800``.
    """
    # Python's escape for what it can't encode is JSON's, and surrogates occur in strings only.
    return _ENCODER.encode(value).encode(errors="backslashreplace")


def _check_structure(brackets: bytes, settings: Settings) -> None:
    most = settings.max_body_bytes // BYTES_PER_CONTAINER
    if brackets.count(_OPEN) > most:
        raise TooLargeError(f"The body may hold at most {most} objects and lists")
    max_depth = settings.max_json_depth
    if _depth(brackets) > max_depth:
        raise BadRequestError(f"The body may nest objects and lists at most {max_depth} deep")


def _brackets(text: str) -> bytes:
    """Return the brackets outside strings, all of them square.

    In invalid JSON they are right up to the first error, where the decoder stops.
    """
    # Bulk operations: for a megabyte of short strings, a regular expression takes three times as
    # long, and holds the interpreter's lock all the time.
    unescaped = text.replace("\\\\", "").replace('\\"', "")
    outside = "".join(unescaped.split('"')[::2])
    return outside.encode("ascii", "ignore").translate(_AS_SQUARE, _OTHERS)


def _depth(brackets: bytes) -> int:
    """Return the maximum number of open brackets."""
    return max(accumulate(1 if bracket == _OPEN else -1 for bracket in brackets), default=0)


# A constant: json.dumps would create a new encoder for each response. No response contains itself,
# so that nothing needs to look for circles. NaN would be no JSON: to raise an error is better.
_ENCODER = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), check_circular=False, allow_nan=False
)
