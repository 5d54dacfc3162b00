"""The protocol state machine of one connection: bytes in, requests out, no I/O."""

from __future__ import annotations

import io
import re
from http import HTTPStatus
from typing import Any, NamedTuple

from func.server.chunked_body import ChunkedBody
from func.server.request_head import Head, HeadParser, RefusedError

_HEAD_END = b"\r\n\r\n"
# RFC 9112, section 2.2: ignore at least one empty line before a request.
MAX_EMPTY_LINES = 8
_EMPTY_LINES = re.compile(rb"(?:\r\n){0,%d}\r?" % MAX_EMPTY_LINES)


class ReceivedRequest(NamedTuple):
    """A request that has arrived in full.

    Attributes:
        head: its head.
        head_bytes: the length of its head.
        body: its decoded body.
        held_bytes: the memory that it takes.
    """

    head: Head
    head_bytes: int
    body: bytes
    held_bytes: int

    @property
    def is_head(self) -> bool:
        """Return whether the response must have no body."""
        return bool(self.head.environ["REQUEST_METHOD"] == "HEAD")

    def environ(self) -> dict[str, Any]:
        """Return what the app's own routes need of a WSGI environment."""
        environ = self.head.environ  # each part of it belongs to this request alone
        environ["CONTENT_LENGTH"] = str(len(self.body)) if self.body else ""
        environ["wsgi.input"] = io.BytesIO(self.body)
        environ["wsgi.input_terminated"] = True
        return environ


class RequestReader:
    """Collects the bytes of a connection and returns one request at a time.

    Attributes:
        wants_continue: whether the client waits for a 100 before it sends the body.
    """

    def __init__(self, max_header_bytes: int, max_body_bytes: int) -> None:
        self.wants_continue = False
        self._max_header_bytes, self._max_body_bytes = max_header_bytes, max_body_bytes
        self._buffer = bytearray()
        self._start()

    @property
    def held_bytes(self) -> int:
        """The memory that is taken by bytes that are not yet part of a returned request."""
        content_bytes = len(self._chunks.content) if self._chunks else 0
        return len(self._buffer) + content_bytes + self._head_bytes

    @property
    def has_begun(self) -> bool:
        """Return whether a part of a request has arrived; a few empty lines are none."""
        return bool(self._head or not _EMPTY_LINES.fullmatch(self._buffer))

    @property
    def is_paused(self) -> bool:
        """Return whether ``next_request`` is to be called again, though no more bytes arrive."""
        return self._chunks is not None and self._chunks.is_paused

    def feed(self, data: bytes) -> None:
        """Take bytes that have arrived."""
        self._buffer += data

    def clear(self) -> None:
        """Drop the bytes behind the last request."""
        self._buffer.clear()

    def next_request(self) -> ReceivedRequest | None:
        """Return the next request, or None until more bytes arrive.

        Raises:
            RefusedError: the bytes are not a valid request within the limits.
        """
        if self._head is None and not self._read_head():
            return None
        assert self._head  # noqa: S101 - see _read_head
        if self._buffer:
            self.wants_continue = False
        if (body := self._read_body(self._head.length)) is None:
            return None
        request = ReceivedRequest(self._head, self._fed, body, self._head_bytes + len(body))
        self._start()
        return request

    @property
    def _head_bytes(self) -> int:
        return self._parser.held_bytes + (self._fed if self._head else 0)

    def _start(self) -> None:
        self._parser = HeadParser()
        self._fed = self._empty_lines = 0
        self._head: Head | None = None
        self._chunks: ChunkedBody | None = None
        self.wants_continue = False

    def _read_head(self) -> bool:
        if not self._fed:
            self._skip_empty_lines()
            if not self.has_begun:
                return False
        found = self._buffer.find(_HEAD_END, max(0, self._fed - 3))
        end = len(self._buffer) if found < 0 else found + len(_HEAD_END)
        if end > self._max_header_bytes:
            raise RefusedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        self._parser.feed(bytes(self._buffer[self._fed : end]))
        self._fed = end
        if found < 0:
            return False
        self._head = self._parser.head(bytes(self._buffer[: self._buffer.find(b"\n")]))
        del self._buffer[:end]
        self.wants_continue = self._head.expects_continue
        if self._head.length is None:
            self._chunks = ChunkedBody(self._max_body_bytes)
        elif self._head.length > self._max_body_bytes:
            raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return True

    def _skip_empty_lines(self) -> None:
        while self._buffer.startswith(b"\r\n"):
            self._empty_lines += 1
            if self._empty_lines > MAX_EMPTY_LINES:
                raise RefusedError(HTTPStatus.BAD_REQUEST)
            del self._buffer[:2]

    def _read_body(self, length: int | None) -> bytes | None:
        if self._chunks:
            self._chunks.feed(self._buffer)
            return bytes(self._chunks.content) if self._chunks.is_complete else None
        if length is None or len(self._buffer) < length:
            return None
        body = bytes(memoryview(self._buffer)[:length])
        del self._buffer[:length]
        return body
