"""Content codings (RFC 9110, section 8.4): of requests' bodies, and of responses."""

from __future__ import annotations

import re
import sys
import zlib
from collections.abc import Callable
from importlib import import_module
from typing import Protocol

from func.errors import BadRequestError, TooLargeError, UnsupportedCodingError

# Python has zstd since 3.14; backports.zstd is the same module for earlier versions.
_ZSTD = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
# Of one body. When a stream ends, the bytes after it are copied: with thousands of empty streams, a
# small body would take long. Compressors that work in blocks of 64 KiB write 16 for a mebibyte.
MAX_STREAMS = 64
MAX_WINDOW_LOG = 23  # 8 MiB, which is all that a receiver has to support (RFC 9659, section 3)
GZIP_WBITS = 31  # of zlib: the format of gzip
RAW_WBITS = -15  # of zlib: without the header that "deflate" should have
MAX_ACCEPT_ENCODING = 256  # characters
GZIP_LEVEL = 1  # twice as fast as the default, and a few per cent larger

_CODING = re.compile(r"\s*([\w*-]+)\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?", re.IGNORECASE)


class Decompressor(Protocol):
    """Decompresses one stream; those of zlib and of zstd have this in common."""

    @property
    def eof(self) -> bool:
        """Return whether the stream has ended."""

    @property
    def unused_data(self) -> bytes:
        """The bytes behind the end of the stream."""

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Return at most ``max_length`` bytes of the content."""


def decompress(body: bytes, coding: str, max_bytes: int) -> bytes:
    """Return the content of a body with this Content-Encoding.

    It decompresses at most one byte beyond the limit, however much the body would expand to.

    Raises:
        UnsupportedCodingError: the coding is not supported, or several are combined.
        TooLargeError: the content exceeds the limit.
        BadRequestError: the body is damaged, ends early, or has more than `MAX_STREAMS` streams.
    """
    start = _DECOMPRESSORS.get(coding.strip().lower())
    if start is None:
        raise UnsupportedCodingError
    content = bytearray()
    streams = 0
    # A body may consist of several streams (RFC 1952, section 2.2; RFC 8878, section 3).
    while body:
        streams += 1
        if streams > MAX_STREAMS:
            raise BadRequestError(f"The compressed body must have at most {MAX_STREAMS} streams")
        stream = start(body)
        try:
            content += stream.decompress(body, max_bytes + 1 - len(content))
        except Exception as error:  # zstd has an error class of its own, in a module not imported
            raise BadRequestError("The body is not valid in its Content-Encoding") from error
        if len(content) > max_bytes:
            raise TooLargeError(f"The body must have at most {max_bytes} bytes when decompressed")
        if not stream.eof:
            raise BadRequestError("The compressed body ended early")
        body = stream.unused_data
    return bytes(content)


def compress(body: bytes) -> bytes:
    """Return a body in the coding gzip."""
    return zlib.compress(body, GZIP_LEVEL, GZIP_WBITS)


def accepts_gzip(header: str) -> bool:
    """Return whether an Accept-Encoding allows gzip (RFC 9110, section 12.5.3).

    A header that is longer than any client's is not read, and allows nothing.
    """
    if len(header) > MAX_ACCEPT_ENCODING:
        return False
    weights = {
        found[1].lower(): float(found[2] or 1)
        for item in header.split(",")
        if (found := _CODING.fullmatch(item))
    }
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _start_deflate(body: bytes) -> Decompressor:
    """Return a decompressor of "deflate"; some clients leave out the header of zlib."""
    has_header = body[0] & 0x0F == zlib.DEFLATED and int.from_bytes(body[:2], "big") % 31 == 0
    return zlib.decompressobj(zlib.MAX_WBITS if has_header else RAW_WBITS)


def _start_zstd(_: bytes) -> Decompressor:
    zstd = import_module(_ZSTD)  # when it is needed: most requests are not compressed
    options = {zstd.DecompressionParameter.window_log_max: MAX_WINDOW_LOG}
    decompressor: Decompressor = zstd.ZstdDecompressor(options=options)
    return decompressor


def _start_gzip(_: bytes) -> Decompressor:
    return zlib.decompressobj(GZIP_WBITS)


_DECOMPRESSORS: dict[str, Callable[[bytes], Decompressor]] = {
    "gzip": _start_gzip,
    "x-gzip": _start_gzip,
    "deflate": _start_deflate,
    "zstd": _start_zstd,
}
