"""Bodies in chunks (RFC 9112, section 7.1), without I/O.

llhttp doesn't report where a message ends within the bytes it was fed. The server answers one
request of a connection at a time, so it has to know.
"""

from __future__ import annotations

import re
from http import HTTPStatus

from func.server.request_head import RefusedError

# A size, and an extension that is ignored: neither bare CR or LF nor other control characters.
_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})(?:[ \t]*;[\t -~\x80-\xff]*)?")
_TRAILER_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t -~\x80-\xff]*")
_MAX_LINE_BYTES = 256
_MAX_TRAILER_BYTES = 8 * 1024
# One call takes no more, in a millisecond: tiny chunks must not hold up others. A chunk has two
# parts: the line with its size, and its data.
MAX_CHUNKS = 256
MAX_PARTS = 2 * MAX_CHUNKS


class ChunkedBody:
    """Takes the bytes of one body as they arrive, in time linear to their number.

    Attributes:
        content: the decoded body.
        is_complete: whether the body has ended; bytes behind it stay in the buffer.
        is_paused: whether the buffer may hold parts that are left for another call of ``feed``.
    """

    def __init__(self, max_bytes: int) -> None:
        self.content = bytearray()
        self.is_complete = self.is_paused = False
        self._max_bytes = max_bytes
        self._open = 0  # bytes of the chunk that are still to come, its CRLF included
        self._in_trailers = False
        # Bytes of size lines and trailers: tiny chunks must not cost without end.
        self._overhead = 0

    def feed(self, buffer: bytearray) -> None:
        """Take what belongs to the body from the front of a buffer, `MAX_CHUNKS` chunks at most.

        Raises:
            RefusedError: the coding is malformed, or the body too large.
        """
        for _ in range(MAX_PARTS):
            take = self._take_chunk if self._open else self._take_line
            if self.is_complete or not take(buffer):
                self.is_paused = False
                return
        self.is_paused = True

    def _take_chunk(self, buffer: bytearray) -> bool:
        data_bytes = min(len(buffer), max(self._open - 2, 0))
        self.content += memoryview(buffer)[:data_bytes]
        del buffer[:data_bytes]
        self._open -= data_bytes
        if self._open > 2 or len(buffer) < self._open:  # noqa: PLR2004 - CR and LF
            return False
        if buffer[:2] != b"\r\n":
            raise RefusedError(HTTPStatus.BAD_REQUEST)
        del buffer[:2]
        self._open = 0
        return True

    def _take_line(self, buffer: bytearray) -> bool:
        end = buffer.find(b"\n", 0, _MAX_TRAILER_BYTES)
        limit = _MAX_TRAILER_BYTES if self._in_trailers else _MAX_LINE_BYTES
        if end < 0 and len(buffer) <= limit:
            return False
        line = bytes(buffer[: end + 1])
        if not 0 <= end < limit or not line.endswith(b"\r\n"):
            raise RefusedError(HTTPStatus.BAD_REQUEST)
        del buffer[: end + 1]
        self._overhead += len(line)
        if self._overhead > self._max_bytes:
            raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        self._read_line(line[:-2])
        return True

    def _read_line(self, line: bytes) -> None:
        if self._in_trailers:
            self.is_complete = not line
            if line and not _TRAILER_LINE.fullmatch(line):
                raise RefusedError(HTTPStatus.BAD_REQUEST)
            return
        if not (size_line := _SIZE_LINE.fullmatch(line)):
            raise RefusedError(HTTPStatus.BAD_REQUEST)
        if size := int(size_line[1], 16):
            if len(self.content) + size > self._max_bytes:
                raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            self._open = size + 2
        self._in_trailers = not size
