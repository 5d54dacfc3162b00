"""Media types: what a Content-Type says about a body, and JSON bodies that it announces."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple, Self

from func.errors import BadRequestError, UnsupportedMediaTypeError
from func.messages import JSON
from func.protocols.json_codec import parse_object
from func.settings import Settings

PLAIN_TEXT = "text/plain"

_CHARSET = re.compile(r"""(?:^|;)\s*charset\s*=\s*(?:"([^"]*)"|([^\s;"]+))""", re.IGNORECASE)
_ENCODINGS = {"utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "ascii", "iso-8859-1": "latin-1"}


class MediaType(NamedTuple):
    """A media type in lower case without its parameters, and its charset if it names one."""

    name: str
    charset: str | None = None

    @classmethod
    def parse(cls, header: str) -> Self:
        """Parse a Content-Type (RFC 9110, section 8.3); an empty one means JSON."""
        name, _, parameters = header.partition(";")
        charset = _CHARSET.search(parameters) if parameters else None
        return cls(name.strip().lower() or JSON, (charset[1] or charset[2]) if charset else None)

    @property
    def is_json(self) -> bool:
        """Return whether it is JSON: as such, or by its suffix (RFC 6839, section 3.1)."""
        return self.name == JSON or self.name.endswith("+json")

    def decode(self, body: bytes) -> str:
        """Decode a body of this type; the default charset is UTF-8.

        Raises:
            UnsupportedMediaTypeError: the charset is not supported.
            BadRequestError: the bytes are not valid in that charset.
        """
        encoding = _ENCODINGS.get((self.charset or "utf-8").lower())
        if encoding is None:
            raise UnsupportedMediaTypeError(f"The charset must be one of {', '.join(_ENCODINGS)}")
        try:
            return body.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            raise BadRequestError(f"The body is not valid {encoding.upper()}") from error


def parse_fields(content_type: str, body: bytes, settings: Settings) -> Mapping[str, Any]:
    """Return the JSON object that a body holds.

    Raises:
        UnsupportedMediaTypeError: the body is not said to be JSON.
        BadRequestError: it is no JSON object.
    """
    media_type = MediaType.parse(content_type)
    if not media_type.is_json:
        raise UnsupportedMediaTypeError(f"The Content-Type must be {JSON}")
    return parse_object(media_type.decode(body), settings)
