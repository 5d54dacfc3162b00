"""CloudEvents 1.0 over HTTP: parse and write events in binary, structured and batch mode.

The official SDK's HTTP binding lacks percent-encoding, quoted header values, batches, and most
checks, so this module follows the specification itself: the core specification (CE), its HTTP
protocol binding (HTTP) and its JSON event format (JSON), each version 1.0.2.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from enum import Enum
from typing import Any, Self
from urllib.parse import quote, unquote_to_bytes

from func.errors import MalformedEventError, UnsupportedMediaTypeError
from func.protocols.attribute_forms import is_timestamp, is_uri, is_uri_reference
from func.protocols.json_codec import parse_json, render_json, whole_number
from func.protocols.media_type import MediaType
from func.settings import Settings

SPECVERSION = "1.0"
STRUCTURED_JSON = "application/cloudevents+json"
BATCH = "application/cloudevents-batch"  # of any format
BATCH_JSON = f"{BATCH}+json"

_REQUIRED = ("id", "source", "type")
# Any of these attributes as a header, by its key in a WSGI environment, makes an event.
_MARKS = frozenset(f"HTTP_CE_{name.upper()}" for name in ("specversion", *_REQUIRED))
# CE, sections "REQUIRED Attributes" and "OPTIONAL Attributes": only extensions have other types.
_STRINGS = frozenset((*_REQUIRED, "datacontenttype", "dataschema", "subject", "time"))
_NAME = re.compile("[a-z0-9]+")
# As long as a head may be, which has them in binary mode.
MAX_ATTRIBUTE_LENGTH = 32 * 1024
# CE, section "Type System": control characters, surrogates and noncharacters are forbidden.
_PLANE_ENDS = "".join(chr(plane << 16 | end) for plane in range(17) for end in (0xFFFE, 0xFFFF))
_FORBIDDEN = re.compile(f"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef{_PLANE_ENDS}]")
# HTTP, section 3.1.3.2: printable ASCII is not encoded, except space, double quote and percent.
_UNENCODED = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')
_INTEGERS = range(-(2**31), 2**31)


class Mode(Enum):
    """How events travel in an HTTP message (HTTP, section 3)."""

    BINARY = "binary"
    STRUCTURED = "structured"
    BATCH = "batch"

    @classmethod
    def of(cls, content_type: str, keys: Set[str]) -> Mode | None:
        """Return the mode of a message; None if it holds no event.

        Any required attribute among the keys of the WSGI environment makes an event: without
        ``specversion`` it is a malformed event, not an ordinary request.
        """
        lowered = content_type.lower()
        if lowered.startswith(BATCH):
            return cls.BATCH
        if lowered.startswith("application/cloudevents"):
            return cls.STRUCTURED
        return None if keys.isdisjoint(_MARKS) else cls.BINARY


@dataclass(frozen=True, slots=True)
class Event:
    """An event whose context attributes are valid.

    Attributes:
        attributes: by name, extensions included, each in its canonical string form.
        data: bytes; or, for an event in JSON, the value of its data; None for no data.
    """

    attributes: Mapping[str, str]
    data: Any = None

    @classmethod
    def from_binary(
        cls, headers: Iterable[tuple[str, str]], content_type: str | None, body: bytes
    ) -> Self:
        """Parse an event in binary mode (HTTP, section 3.1).

        Raises:
            MalformedEventError: an attribute is missing, invalid or misencoded.
        """
        attributes: dict[str, object] = {
            name[3:].lower(): _decode_header(value)
            for name, value in headers
            if name[:3].lower() == "ce-"
        }
        # In this mode the header Content-Type is the attribute, and there is no other.
        attributes["datacontenttype"] = content_type
        return cls(_checked(attributes), body or None)

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Return the event of a JSON value (JSON, section 3).

        Raises:
            MalformedEventError: no object, both kinds of data, or a missing or invalid attribute.
        """
        if not isinstance(value, dict):
            raise MalformedEventError("An event must be a JSON object")
        members = dict(value)
        data, encoded = members.pop("data", None), members.pop("data_base64", None)
        if encoded is not None:
            if data is not None:
                raise MalformedEventError("An event has either 'data' or 'data_base64', not both")
            data = _decode_base64(encoded)
        return cls(_checked(members), data)

    def to_binary(self) -> tuple[dict[str, str], bytes]:
        """Return the event in binary mode: headers and body."""
        attributes = dict(self.attributes)
        headers = {"Content-Type": attributes.pop("datacontenttype")}
        headers |= {
            f"ce-{name}": quote(value, safe=_UNENCODED) for name, value in attributes.items()
        }
        return headers, render_json(self.data)

    def to_json(self) -> dict[str, Any]:
        """Return the event as a JSON value."""
        return {**self.attributes, "data": self.data}


def is_attribute_value(value: object) -> bool:
    """Return whether a value is a string that an attribute may hold, and not empty."""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_ATTRIBUTE_LENGTH:
        return False
    return not _FORBIDDEN.search(value)


def parse_structured(content_type: str, body: bytes, settings: Settings) -> Event:
    """Parse a message in structured mode.

    Raises:
        UnsupportedMediaTypeError: another event format than JSON.
        BadRequestError: not JSON, or a malformed event.
    """
    return Event.from_json(_parse_body(content_type, body, STRUCTURED_JSON, settings))


def parse_batch(content_type: str, body: bytes, settings: Settings) -> list[object]:
    """Return the JSON values of a batch, which should be events.

    Raises:
        UnsupportedMediaTypeError: another event format than JSON.
        BadRequestError: not JSON, or no array.
    """
    values = _parse_body(content_type, body, BATCH_JSON, settings)
    if not isinstance(values, list):
        raise MalformedEventError("A batch must be a JSON array of events")
    return values


def _parse_body(content_type: str, body: bytes, expected: str, settings: Settings) -> Any:
    media_type = MediaType.parse(content_type)
    if media_type.name != expected:
        raise UnsupportedMediaTypeError(f"The event format must be {expected}")
    return parse_json(media_type.decode(body), settings)


_FORMS: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "source": (is_uri_reference, "a URI-reference"),
    "dataschema": (is_uri, "a URI"),
    "time": (is_timestamp, "a timestamp of RFC 3339"),
    "subject": (bool, "a string that is not empty"),
}


def _decode_header(value: str) -> str:
    """Decode a header value: unquote, then percent-decode once (HTTP, section 3.1.3.2)."""
    value = _undo_latin_1(value)
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
    try:
        return unquote_to_bytes(value).decode()
    except UnicodeDecodeError as error:
        raise MalformedEventError("An attribute is not valid percent-encoded UTF-8") from error


def _undo_latin_1(value: str) -> str:
    """Decode bytes that the client should have percent-encoded: as UTF-8, or else as Latin-1.

    In WSGI each character stands for one byte. Python's http.client sends plain Latin-1.
    """
    try:
        return value.encode("latin-1").decode()
    except UnicodeDecodeError:
        return value


def _decode_base64(value: object) -> bytes:
    try:
        return b64decode(value if isinstance(value, str) else "?", validate=True)
    except ValueError as error:
        raise MalformedEventError("'data_base64' must be a string in Base64") from error


def _checked(attributes: Mapping[str, object]) -> dict[str, str]:
    checked = {
        name: _canonical(name, value) for name, value in attributes.items() if value is not None
    }
    if checked.get("specversion") != SPECVERSION:
        raise MalformedEventError(f"The attribute 'specversion' must be {SPECVERSION}")
    for name in _REQUIRED:
        if not checked.get(name):
            raise MalformedEventError(f"The attribute '{name}' is missing or empty")
    for name, (is_valid, form) in _FORMS.items():
        if name in checked and not is_valid(checked[name]):
            raise MalformedEventError(f"The attribute '{name}' must be {form}")
    return checked


def _canonical(name: str, value: object) -> str:
    if not _NAME.fullmatch(name):
        raise MalformedEventError("An attribute's name must be of lower-case letters and digits")
    if name in _STRINGS and not isinstance(value, str):
        raise MalformedEventError(f"The attribute '{name}' must be a string")
    if isinstance(value, bool):
        return str(value).lower()
    if (number := whole_number(value)) is not None and number in _INTEGERS:
        return str(number)
    if not isinstance(value, str):
        message = f"The attribute '{name}' must be a string, a boolean or a 32-bit integer"
        raise MalformedEventError(message)
    if len(value) > MAX_ATTRIBUTE_LENGTH:
        message = f"The attribute '{name}' must have at most {MAX_ATTRIBUTE_LENGTH} characters"
        raise MalformedEventError(message)
    if _FORBIDDEN.search(value):
        message = f"The attribute '{name}' holds a character that CloudEvents forbids"
        raise MalformedEventError(message)
    return value
