"""Requests as bytes, and the bytes of their responses."""

from __future__ import annotations

import socket

from func.server.dispatcher import MAX_INLINE_BYTES


def predict_request(body: bytes, *headers: bytes) -> bytes:
    """Encode a request for the intent of a JSON body."""
    lines = (b"Host: test", b"Content-Length: %d" % len(body), *headers)
    return b"POST /predict HTTP/1.1\r\n" + b"\r\n".join(lines) + b"\r\n\r\n" + body


QUICK = predict_request(b'{"text": "hello"}')
SLOW = predict_request(b'{"text": "reset my password"}' + b" " * MAX_INLINE_BYTES)
PAGE = b"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: a\r\n\r\n"
PROBE = b"GET /health HTTP/1.1\r\nHost: test\r\n\r\n"
MUCH_WORK = predict_request(
    b'{"texts": [' + b",".join([b'"a"'] * 200) + b'], "explain": true, "top_k": 9}'
)


def receive_responses(connection: socket.socket, count: int) -> bytes:
    """Receive a number of responses whose bodies are JSON objects."""
    received = b""
    while received.count(b"HTTP/1.1 200 OK") < count or not received.endswith(b"}"):
        data = connection.recv(65536)
        assert data, received
        received += data
    return received


def receive_all(connection: socket.socket) -> bytes:
    """Receive until the server closes."""
    return b"".join(iter(lambda: connection.recv(65536), b""))
