"""Responses as bytes (RFC 9112), and the WSGI app's as well."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from http import HTTPStatus
from typing import Any, TypeVar

from func.errors import RETRY_LATER, InternalError, NotLoadedError
from func.messages import JSON, STATUS_LINES, Headers, Response
from func.protocols.json_api import error_response
from func.protocols.json_codec import render_json
from func.server.request_reader import ReceivedRequest

logger = logging.getLogger(__name__)

Message = tuple[str, Headers, bytes]
T = TypeVar("T")

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_BODILESS = ("1", "204", "304")
# A body of at most this size is joined to its head, to be sent in one piece; a larger one would
# take too long to copy.
MAX_JOINED_BYTES = 16 * 1024


def encode(
    status_line: str,
    headers: Headers,
    body: bytes,
    *,
    request: ReceivedRequest | None,
    closes: bool,
) -> list[bytes]:
    """Return a response as the pieces to send, of which the body may be one.

    ``request`` is None if it was refused; with ``closes``, announce the end of the connection.
    """
    version = "1.0" if request and request.head.is_http_1_0 else "1.1"
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers])
    close = "Connection: close\r\n" if closes else ""
    date = _date(int(time.time()))
    head = f"HTTP/{version} {status_line}\r\n{lines}Date: {date}\r\n{close}\r\n".encode("latin-1")
    if request and request.is_head:
        return [head]
    return [head, body] if len(body) > MAX_JOINED_BYTES else [head + body]


def refusal(status: HTTPStatus) -> Response:
    """Return the response to a request that the server itself refuses; it quotes nothing."""
    headers = RETRY_LATER if status is HTTPStatus.SERVICE_UNAVAILABLE else ()
    return Response(render_json({"error": status.phrase}), JSON, status, headers)


def call_wsgi(app: Callable[..., Iterable[bytes]], environ: dict[str, Any]) -> Message:
    """Return status line, headers and body of a WSGI app's response (PEP 3333)."""
    started: list[Any] = []

    def start_response(status_line: str, headers: list[tuple[str, str]], _: object = None) -> Any:
        started[:] = status_line, headers
        return pieces.append

    pieces: list[bytes] = []
    chunks = app(_complete(environ), start_response)
    try:
        pieces.extend(chunks)
    finally:
        if close := getattr(chunks, "close", None):
            close()
    status_line, headers = started
    # werkzeug adds a Date to a conditional response, and encode() adds one to all.
    headers = [(name, value) for name, value in headers if name.lower() != "date"]
    body = b"".join(pieces)
    if not status_line.startswith(_BODILESS) and not any(
        name.lower() == "content-length" for name, _ in headers
    ):
        headers = [*headers, ("Content-Length", str(len(body)))]
    return status_line, headers, body


def message_of(response: Response) -> Message:
    """Return status line, headers and body of a response."""
    return STATUS_LINES[response.status], response.all_headers, response.body


FAILED = message_of(error_response(InternalError()))


def or_failed(answer: Callable[[], T]) -> T | Message:
    """Return what ``answer`` returns; if it fails, the response that says so.

    Raises:
        NotLoadedError: as ``answer`` does.
    """
    try:
        return answer()
    except NotLoadedError:
        raise
    except Exception:
        logger.exception("A request failed")
        return FAILED


def _complete(environ: dict[str, Any]) -> dict[str, Any]:
    host, _, port = environ.get("HTTP_HOST", "").rpartition(":")
    return {
        "SCRIPT_NAME": "",
        "SERVER_NAME": host or "localhost",
        "SERVER_PORT": port if port.isdigit() else "80",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **environ,
    }


@lru_cache(maxsize=1)
def _date(now_s: int) -> str:
    """Return an IMF-fixdate (RFC 9110, section 5.6.7); the locale does not matter."""
    now = time.gmtime(now_s)
    day = f"{_DAYS[now.tm_wday]}, {now.tm_mday:02} {_MONTHS[now.tm_mon - 1]} {now.tm_year}"
    return f"{day} {now.tm_hour:02}:{now.tm_min:02}:{now.tm_sec:02} GMT"
