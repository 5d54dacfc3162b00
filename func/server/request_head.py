"""The head of a request: llhttp parses it, and the rules that llhttp leaves to a server follow.

llhttp (by httptools 0.9) is strict by default: it refuses bare line feeds, folded headers, NUL,
doubled or malformed lengths, and a length beside a transfer coding. The rest of RFC 9110 and 9112
that matters to framing and routing is checked here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote_to_bytes

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

_REQUEST_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Z-]+ [!-~]+ HTTP/(\d\.\d)\r\n")
_HOST = r"(?:\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._~!$&'()*+,;=%-]*)(?::[0-9]*)?"
_HOST_VALUE = re.compile(_HOST)
_ABSOLUTE_FORM = re.compile(rf"https?://({_HOST})([/?].*)?", re.IGNORECASE)
_ONCE = frozenset(("CONTENT_LENGTH", "TRANSFER_ENCODING", "HOST"))
_VERSIONS = ("1.0", "1.1")
_MAX_LENGTH_DIGITS = 18
_UNPREFIXED = {"CONTENT_TYPE": "CONTENT_TYPE", "CONTENT_LENGTH": "CONTENT_LENGTH"}


class RefusedError(Exception):
    """A request that the server refuses before the app sees it.

    Attributes:
        status: of the response.
    """

    def __init__(self, status: HTTPStatus) -> None:
        self.status = status
        super().__init__(status.phrase)


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a valid request.

    Attributes:
        environ: the request's part of a WSGI environment (PEP 3333).
        length: the announced length of the body; None if it comes in chunks.
        is_http_1_0: whether the response must be one of HTTP/1.0.
        is_last: whether the client asks to close the connection after the response.
        expects_continue: whether the client waits for a 100 before it sends the body.
    """

    environ: dict[str, Any]
    length: int | None
    is_http_1_0: bool
    is_last: bool
    expects_continue: bool


class HeadParser:
    """Takes the bytes of one head as they arrive, in time linear to their number."""

    def __init__(self) -> None:
        self._headers: dict[str, str] = {}
        self._doubled: set[str] = set()
        self._target = b""
        self._is_complete = False
        self._parser = HttpRequestParser(self)

    def feed(self, data: bytes) -> None:
        """Parse the next bytes.

        Raises:
            RefusedError: they break the grammar.
        """
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            pass  # an offer that a server may ignore (RFC 9110, section 7.8)
        except HttpParserError as error:
            coding = self._headers.get("TRANSFER_ENCODING", "chunked").lower()
            is_unknown = "chunked" not in coding
            status = HTTPStatus.NOT_IMPLEMENTED if is_unknown else HTTPStatus.BAD_REQUEST
            raise RefusedError(status) from error

    def on_url(self, url: bytes) -> None:
        """Collect the target; llhttp passes it in the pieces that arrived."""
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect a header under its key of WSGI."""
        if not (key := _key_of(name)):
            return
        text = value.decode("latin-1").strip(" \t")
        if key in self._headers:
            self._doubled.add(key)
            text = f"{self._headers[key]}, {text}"
        self._headers[key] = text

    def on_headers_complete(self) -> None:
        """Note the end of the head."""
        self._is_complete = True

    def head(self, raw: bytes) -> Head:
        """Return the head once all its bytes are fed.

        Args:
            raw: the same bytes.

        Raises:
            RefusedError: the request is not to be answered by the app.
        """
        version = _version_of(raw[: raw.find(b"\n") + 1])
        if not (self._is_complete and version) or self._doubled & _ONCE:
            raise RefusedError(HTTPStatus.BAD_REQUEST)
        if version not in _VERSIONS:
            raise RefusedError(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED)
        is_http_1_0 = version == "1.0"
        method = self._parser.get_method().decode()
        del self._parser  # it refers to this object: the cycle would be left to the collector
        path, query = self._route(method, is_http_1_0=is_http_1_0)
        length = self._length(is_http_1_0=is_http_1_0)
        options = self._options()
        environ = {
            _UNPREFIXED.get(key) or f"HTTP_{key}": value for key, value in self._headers.items()
        }
        environ |= {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_PROTOCOL": f"HTTP/{version}",
        }
        expects_continue = "EXPECT" in self._headers and not is_http_1_0
        if expects_continue and self._headers["EXPECT"].lower() != "100-continue":
            raise RefusedError(HTTPStatus.EXPECTATION_FAILED)
        return Head(
            environ, length, is_http_1_0, is_http_1_0 or "close" in options, expects_continue
        )

    def _options(self) -> set[str]:
        options = self._headers.get("CONNECTION", "").lower().split(",")
        return {option.strip(" \t") for option in options}

    def _route(self, method: str, *, is_http_1_0: bool) -> tuple[str, str]:
        """Return path and query of the target (RFC 9112, section 3.2)."""
        host = self._headers.get("HOST", "" if is_http_1_0 else None)
        if host is None or not _is_host(host):
            raise RefusedError(HTTPStatus.BAD_REQUEST)
        path, query, authority = _parse_target(method, self._target)
        if authority:
            self._headers["HOST"] = authority
        return path, query

    def _length(self, *, is_http_1_0: bool) -> int | None:
        coding = self._headers.pop("TRANSFER_ENCODING", None)
        text = self._headers.get("CONTENT_LENGTH", "0")
        if coding is not None:
            if is_http_1_0 or coding.lower() != "chunked" or "CONTENT_LENGTH" in self._headers:
                raise RefusedError(HTTPStatus.BAD_REQUEST)
            return None
        if not (text.isascii() and text.isdigit()) or len(text) > _MAX_LENGTH_DIGITS:
            raise RefusedError(HTTPStatus.BAD_REQUEST)
        return int(text)


# Clients repeat themselves: most requests have the same first line and header names.
@lru_cache(maxsize=64)
def _version_of(line: bytes) -> str:
    """Return the version of a valid request line, else ""."""
    found = _REQUEST_LINE.fullmatch(line)
    return found[1].decode() if found else ""


@lru_cache(maxsize=64)
def _parse_target(method: str, target: bytes) -> tuple[str, str, str]:
    """Return the decoded path, the query, and the authority of an absolute target."""
    text, authority = target.decode("latin-1"), ""
    if (absolute := _ABSOLUTE_FORM.fullmatch(text)) and absolute[1]:
        authority, text = absolute[1], absolute[2] or "/"
        if text.startswith("?"):
            text = f"/{text}"
    is_path = text.startswith("/") or (method, text) == ("OPTIONS", "*")
    if not is_path or "#" in text:
        raise RefusedError(HTTPStatus.BAD_REQUEST)
    path, _, query = text.partition("?")
    return unquote_to_bytes(path).decode("latin-1"), query, authority


@lru_cache(maxsize=64)
def _is_host(value: str) -> bool:
    return bool(_HOST_VALUE.fullmatch(value))


@lru_cache(maxsize=256)
def _key_of(name: bytes) -> str:
    """Return the header's key of WSGI; "" for a name with "_", which would pass for "-"."""
    return "" if b"_" in name else name.decode("ascii").upper().replace("-", "_")
