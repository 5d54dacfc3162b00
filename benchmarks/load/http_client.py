"""A minimal HTTP/1.1 client: requests are encoded beforehand, and responses parsed cheaply."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Sequence
from typing import NamedTuple

from benchmarks.contenders.contender import Call

HOST = "127.0.0.1"
OK = 200
CHUNK = 1 << 18
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"transfer-encoding: *chunked", re.IGNORECASE)
_CLOSES = re.compile(rb"connection: *close", re.IGNORECASE)


class Response(NamedTuple):
    """A complete response; ``closes`` if the server announced that it closes the connection."""

    status: int
    body: bytes
    closes: bool


def encode(call: Call, texts: Sequence[str]) -> bytes:
    """Return the bytes of a request."""
    return encode_json(call.path, call.body(texts))


def encode_json(path: str, value: object) -> bytes:
    """Return the bytes of a request that posts JSON."""
    body = json.dumps(value).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def read_response(received: bytes) -> Response | None:
    """Parse a response from received bytes; return None if it is incomplete."""
    head, separator, rest = received.partition(b"\r\n\r\n")
    if not separator:
        return None
    body = _body(head, rest)
    if body is None:
        return None
    return Response(int(head[9:12]), body, _CLOSES.search(head) is not None)


def _body(head: bytes, rest: bytes) -> bytes | None:
    if length := _LENGTH.search(head):
        return rest if len(rest) >= int(length[1]) else None
    if _CHUNKED.search(head):
        return _join_chunks(rest) if rest.endswith(b"0\r\n\r\n") else None
    return rest


def _join_chunks(rest: bytes) -> bytes:
    body = b""
    while size := int(rest[: rest.index(b"\r\n")], 16):
        start = rest.index(b"\r\n") + 2
        body += rest[start : start + size]
        rest = rest[start + size + 2 :]
    return body


def exchange(port: int, request: bytes, *, timeout_s: float) -> Response:
    """Send a request over a new connection, and return the response.

    Raises:
        OSError: the connection failed, or no complete response arrived in time.
    """
    with socket.create_connection((HOST, port), timeout=timeout_s) as connection:
        connection.sendall(request)
        received = b""
        while (answer := read_response(received)) is None:
            part = connection.recv(CHUNK)
            if not part:
                raise ConnectionError("connection closed before the complete response")
            received += part
        return answer
