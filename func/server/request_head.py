"""The head of a request: llhttp parses it, and the rules that llhttp leaves to a server follow.

llhttp (by httptools 0.9) is strict by default: it refuses bare line feeds, folded headers, NUL,
doubled or malformed lengths, and a length beside a transfer coding. The rest of RFC 9110 and 9112
that matters to framing and routing is checked here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, NamedTuple, TypeVar
from urllib.parse import unquote_to_bytes

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

_REQUEST_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Z-]+ [!-~]+ HTTP/(\d\.\d)\r")
_HOST = r"(?:\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._~!$&'()*+,;=%-]*)(?::[0-9]*)?"
_HOST_VALUE = re.compile(_HOST)
_ABSOLUTE_FORM = re.compile(rf"https?://({_HOST})([/?].*)?", re.IGNORECASE)
_LENGTH, _CODING, _HOST_KEY = "CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING", "HTTP_HOST"
_VERSIONS = ("1.0", "1.1")
_SERVER = "*"  # the target of an OPTIONS request that asks about the server
_MAX_LENGTH_DIGITS = 18
_MAX_HEADERS, _MAX_OPTIONS, _MAX_PATH = 128, 256, 8192
_HEADER_BYTES = 256  # that a header takes in memory beside its characters
_MAX_CACHED, _MAX_CACHED_LENGTH = 256, 256
_UNPREFIXED = frozenset(("CONTENT_TYPE", _LENGTH))

Text = TypeVar("Text", str, bytes)
Result = TypeVar("Result")


class RefusedError(Exception):
    """A request that the server refuses before the app sees it.

    Attributes:
        status: of the response.
    """

    def __init__(self, status: HTTPStatus) -> None:
        self.status = status
        super().__init__(status.phrase)


class Head(NamedTuple):
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


class _Collected:
    """The findings of llhttp. They do not refer to the parser: no cycle keeps the headers.

    Attributes:
        environ: the headers, under their keys of WSGI.
        headers: their number.
        target: of the request.
        is_complete: whether the head has ended.
    """

    def __init__(self) -> None:
        self.environ: dict[str, Any] = {}
        self.headers = 0
        self.target = b""
        self.is_complete = False

    def on_url(self, url: bytes) -> None:
        """Collect the target; llhttp passes it in the pieces that arrived."""
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect a header under its key of WSGI."""
        self.headers += 1
        if self.headers > _MAX_HEADERS or not (key := _KEYS[name]):
            return
        text = value.decode("latin-1").strip(" \t")
        if key in self.environ:  # no host, length or coding that we accept has a ", "
            text = f"{self.environ[key]}, {text}"
        self.environ[key] = text

    def on_headers_complete(self) -> None:
        """Note the end of the head."""
        self.is_complete = True


class HeadParser:
    """Takes the bytes of one head as they arrive, in time linear to their number."""

    def __init__(self) -> None:
        self._collected = _Collected()
        self._parser = HttpRequestParser(self._collected)

    @property
    def held_bytes(self) -> int:
        """The memory that the headers take, without their characters."""
        return self._collected.headers * _HEADER_BYTES

    def feed(self, data: bytes) -> None:
        """Parse the next bytes.

        Raises:
            RefusedError: they break the grammar, or the headers are too many.
        """
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            pass  # an offer that a server may ignore (RFC 9110, section 7.8)
        except HttpParserError as error:
            coding = self._collected.environ.get(_CODING, "chunked").lower()
            is_unknown = "chunked" not in coding
            status = HTTPStatus.NOT_IMPLEMENTED if is_unknown else HTTPStatus.BAD_REQUEST
            raise RefusedError(status) from error
        if self._collected.headers > _MAX_HEADERS:
            raise RefusedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def head(self, request_line: bytes) -> Head:
        """Return the head once all its bytes are fed; ``request_line`` is their first line.

        Raises:
            RefusedError: the request is not to be answered by the app.
        """
        version = _VERSION_OF[request_line]
        if not (self._collected.is_complete and version):
            raise RefusedError(HTTPStatus.BAD_REQUEST)
        if version not in _VERSIONS:
            raise RefusedError(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED)
        is_http_1_0 = version == "1.0"
        method = self._parser.get_method().decode()
        environ = self._collected.environ
        environ["REQUEST_METHOD"] = method
        environ["PATH_INFO"], environ["QUERY_STRING"] = self._route(method, is_http_1_0=is_http_1_0)
        environ["SERVER_PROTOCOL"] = f"HTTP/{version}"
        length = self._length(is_http_1_0=is_http_1_0)
        expects_continue = "HTTP_EXPECT" in environ and not is_http_1_0
        if expects_continue and environ["HTTP_EXPECT"].lower() != "100-continue":
            raise RefusedError(HTTPStatus.EXPECTATION_FAILED)
        options = environ.get("HTTP_CONNECTION")
        is_last = is_http_1_0 or (options is not None and _CLOSES[options])
        return Head(environ, length, is_http_1_0, is_last, expects_continue)

    def _route(self, method: str, *, is_http_1_0: bool) -> tuple[str, str]:
        """Return path and query of the target (RFC 9112, section 3.2)."""
        host = self._collected.environ.get(_HOST_KEY, "" if is_http_1_0 else None)
        if host is None or not _HOSTS[host]:
            raise RefusedError(HTTPStatus.BAD_REQUEST)
        path, query, authority = _TARGETS[self._collected.target]
        if path == _SERVER and method != "OPTIONS":
            raise RefusedError(HTTPStatus.BAD_REQUEST)
        if authority:
            self._collected.environ[_HOST_KEY] = authority
        return path, query

    def _length(self, *, is_http_1_0: bool) -> int | None:
        coding = self._collected.environ.pop(_CODING, None)
        text = self._collected.environ.get(_LENGTH, "0")
        if coding is not None:
            if is_http_1_0 or coding.lower() != "chunked":
                raise RefusedError(HTTPStatus.BAD_REQUEST)
            return None
        if not (text.isascii() and text.isdigit()) or len(text) > _MAX_LENGTH_DIGITS:
            raise RefusedError(HTTPStatus.BAD_REQUEST)
        return int(text)


class _Cached(dict[Text, Result]):
    """Results of a function by its argument, computed at the first use.

    Clients repeat themselves: most requests have the same first line and header names. Long
    arguments are not kept: they would hold memory that nobody counts.
    """

    def __init__(self, function: Callable[[Text], Result]) -> None:
        self._function: Callable[[Text], Result] = function

    def __missing__(self, argument: Text) -> Result:
        result = self._function(argument)
        if len(argument) <= _MAX_CACHED_LENGTH:
            if len(self) >= _MAX_CACHED:
                self.clear()
            self[argument] = result
        return result


def _version_of(line: bytes) -> str:
    """Return the version of a valid request line, else ""."""
    found = _REQUEST_LINE.fullmatch(line)
    return found[1].decode() if found else ""


def _parse_target(target: bytes) -> tuple[str, str, str]:
    """Return the decoded path, the query, and the authority of an absolute target."""
    text, authority = target.decode("latin-1"), ""
    if (absolute := _ABSOLUTE_FORM.fullmatch(text)) and absolute[1]:
        authority, text = absolute[1], absolute[2] or "/"
        if text.startswith("?"):
            text = f"/{text}"
    if not (text.startswith("/") or text == _SERVER) or "#" in text:
        raise RefusedError(HTTPStatus.BAD_REQUEST)
    path, _, query = text.partition("?")
    if len(path) > _MAX_PATH:
        raise RefusedError(HTTPStatus.REQUEST_URI_TOO_LONG)
    return unquote_to_bytes(path).decode("latin-1"), query, authority


def _has_close(options: str) -> bool:
    """Return whether the options of a Connection header include ``close``.

    A header that is longer than any client's is not read: the connection ends.
    """
    if len(options) > _MAX_OPTIONS:
        return True
    return "close" in (option.strip(" \t") for option in options.lower().split(","))


def _is_host(value: str) -> bool:
    return bool(_HOST_VALUE.fullmatch(value))


def _key_of(name: bytes) -> str:
    """Return the header's key of WSGI; "" for a name with "_", which would pass for "-"."""
    key = "" if b"_" in name else name.decode("ascii").upper().replace("-", "_")
    return key if key in _UNPREFIXED or not key else f"HTTP_{key}"


_VERSION_OF, _TARGETS, _KEYS = _Cached(_version_of), _Cached(_parse_target), _Cached(_key_of)
_HOSTS, _CLOSES = _Cached(_is_host), _Cached(_has_close)
