"""Requests that are malformed, or valid and odd, and the statuses that the server answers."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar

MAX_HEADER_BYTES = 8 * 1024
MAX_BODY_BYTES = 64 * 1024
HOST = b"Host: test"
HELLO = b'{"text": "hello"}'
CHUNKED = b"Transfer-Encoding: chunked"


@dataclass(frozen=True, slots=True)
class OddRequest:
    """Bytes that a client sends.

    Attributes:
        name: what is odd about them.
        data: the bytes.
        statuses: of all responses, if the bytes are followed by a request for ``/health``. Behind
            a refusal the connection is closed; otherwise the last is that of ``/health``.
    """

    name: str
    data: bytes
    statuses: tuple[int, ...]

    @property
    def is_refused(self) -> bool:
        """Return whether the server refuses the bytes before the app sees them."""
        return len(self.statuses) == 1 and self.statuses[0] >= HTTPStatus.BAD_REQUEST


def get(*headers: bytes, target: bytes = b"/health", start: bytes = b"", end: bytes = b"") -> bytes:
    """Encode a request by GET."""
    return request(start or b"GET " + target + b" HTTP/1.1", *headers, end=end)


def post(*headers: bytes, body: bytes = b"") -> bytes:
    """Encode a request for a prediction; the headers name no length."""
    return request(b"POST /predict HTTP/1.1", HOST, *headers, end=body)


def in_chunks(body: bytes, *headers: bytes) -> bytes:
    """Encode a request for a prediction whose body has this coding."""
    return post(CHUNKED, *headers, body=body)


def request(*lines: bytes, end: bytes = b"") -> bytes:
    """Encode lines, an empty line, and what follows it."""
    return b"".join(line + b"\r\n" for line in lines) + b"\r\n" + end


def with_length(value: bytes, *headers: bytes, body: bytes = HELLO) -> bytes:
    """Encode a request for a prediction with a Content-Length."""
    return post(b"Content-Length: " + value, *headers, body=body)


HEALTH = b"GET /health HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: test\r\n\r\n"
ONE_CHUNK = b"11\r\n" + HELLO + b"\r\n0\r\n\r\n"
Sent = TypeVar("Sent")
# What is sent by name, and the statuses of all responses; one alone is a refusal.
Table = dict[str, tuple[Sent, int | tuple[int, ...]]]

REQUEST_LINES: Table[bytes] = {
    "empty-method": (b" /health HTTP/1.1", 400),
    "no-method": (b"/health HTTP/1.1", 400),
    "lower-case-method": (b"get /health HTTP/1.1", 400),
    "method-with-colon": (b"GE:T /health HTTP/1.1", 400),
    "method-with-nul": (b"GE\0T /health HTTP/1.1", 400),
    "method-with-tab": (b"GET\t/health HTTP/1.1", 400),
    "method-not-ascii": (b"G\xc3\x89T /health HTTP/1.1", 400),
    "endless-method": (b"A" * 9000 + b" /health HTTP/1.1", 431),
    "connect": (b"CONNECT test:1 HTTP/1.1", 400),
    "connect-to-path": (b"CONNECT / HTTP/1.1", (405, 200)),
    "trace": (b"TRACE /predict HTTP/1.1", (405, 200)),
    "unknown-method": (b"FROBNICATE /predict HTTP/1.1", 400),
    "http-2-preface": (b"PRI * HTTP/2.0", 400),
    "rtsp": (b"GET /health RTSP/1.0", 400),
    "ice": (b"SOURCE /health ICE/1.0", 400),
    "http-0.9": (b"GET /health", 400),
    "http-0.9-with-version": (b"GET /health HTTP/0.9", 505),
    "http-1.2": (b"GET /health HTTP/1.2", 400),
    "http-2.0": (b"GET /health HTTP/2.0", 505),
    "http-3.0": (b"GET /health HTTP/3.0", 400),
    "version-of-one-digit": (b"GET /health HTTP/1", 400),
    "version-of-two-digits": (b"GET /health HTTP/1.10", 400),
    "version-padded": (b"GET /health HTTP/01.1", 400),
    "version-with-sign": (b"GET /health HTTP/+1.1", 400),
    "version-in-lower-case": (b"GET /health http/1.1", 400),
    "version-with-letter": (b"GET /health HTTP/1.a", 400),
    "version-with-space": (b"GET /health HTTP/1.1 ", 400),
    "words-behind-version": (b"GET /health HTTP/1.1 x", 400),
    "two-spaces-before-target": (b"GET  /health HTTP/1.1", 400),
    "two-spaces-before-version": (b"GET /health  HTTP/1.1", 400),
    "tab-before-version": (b"GET /health\tHTTP/1.1", 400),
    "form-feed-before-target": (b"GET \x0c/health HTTP/1.1", 400),
    "space-before-method": (b" GET /health HTTP/1.1", 400),
    "no-target": (b"GET HTTP/1.1", 400),
    "bare-cr-in-line": (b"GET /health\rHTTP/1.1", 400),
    "nul-in-line": (b"GET /health\0 HTTP/1.1", 400),
    "asterisk-of-get": (b"GET * HTTP/1.1", 400),
    "asterisk-of-options": (b"OPTIONS * HTTP/1.1", (404, 200)),
    "two-asterisks": (b"OPTIONS ** HTTP/1.1", 400),
    "words-only": (b"nonsense", 400),
    "tls": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "socks": (b"\x05\x01\x00", 400),
    "ssh": (b"SSH-2.0-OpenSSH_9.6", 400),
    "json": (HELLO, 400),
    "response": (b"HTTP/1.1 200 OK", 400),
}
TARGETS: Table[bytes] = {
    "relative": (b"health", 400),
    "fragment": (b"/health#x", 400),
    "fragment-only": (b"#", 400),
    "space-in-target": (b"/hea lth", 400),
    "delete-in-target": (b"/health\x7f", 400),
    "control-in-target": (b"/health\x01", 400),
    "not-ascii": (b"/\xff", 400),
    "utf-8": (b"/caf\xc3\xa9", 400),
    "backslash": (b"/..\\health", (404, 200)),
    "percent-of-nothing": (b"/%", (404, 200)),
    "percent-nul": (b"/%00", (404, 200)),
    "percent-crlf": (b"/%0d%0aHost:%20x", (404, 200)),
    "percent-slash": (b"/%2Fhealth", (404, 200)),
    "dots": (b"/../../etc/passwd", (404, 200)),
    "two-slashes": (b"//health", (404, 200)),
    "semicolon": (b"/health;x=y", (404, 200)),
    "question-marks": (b"/health???", (200, 200)),
    "quotes": (b'/health?"<>|^`{}', (200, 200)),
    "absolute": (b"http://other/health", (200, 200)),
    "absolute-in-upper-case": (b"HTTP://TEST/health", (200, 200)),
    "absolute-without-path": (b"http://test?x", (200, 200)),
    "absolute-without-host": (b"http:///health", 400),
    "absolute-with-user": (b"http://user@test/health", 400),
    "absolute-with-broken-host": (b"http://[", 400),
    "absolute-with-broken-port": (b"http://test:x/health", 400),
    "absolute-of-other-scheme": (b"ftp://test/health", 400),
    "authority": (b"test:80", 400),
    "endless-target": (b"/" + b"x" * 9000, 431),
    "digits": (b"a://" + b"1" * 4000, 400),
}
HEADERS: Table[tuple[bytes, ...]] = {
    "no-host": ((), 400),
    "two-hosts": ((HOST, HOST), 400),
    "two-different-hosts": ((HOST, b"Host: other"), 400),
    "host-twice-in-other-case": ((HOST, b"hOST: other"), 400),
    "list-of-hosts": ((b"Host: a, b",), 400),
    "host-with-space": ((b"Host: a b",), 400),
    "host-with-path": ((b"Host: a/b",), 400),
    "host-with-user": ((b"Host: a@b",), 400),
    "host-with-bad-port": ((b"Host: a:b",), 400),
    "host-with-two-ports": ((b"Host: a:1:2",), 400),
    "host-with-open-bracket": ((b"Host: [::1",), 400),
    "host-with-query": ((b"Host: a?b",), 400),
    "host-with-control": ((b"Host: a\x01",), 400),
    "host-not-ascii": ((b"Host: \xff",), 400),
    "empty-host": ((b"Host:",), (200, 200)),
    "host-of-ipv6": ((b"Host: [::1]:80",), (200, 200)),
    "space-before-colon": ((b"Host : test",), 400),
    "tab-before-colon": ((b"Host\t: test",), 400),
    "space-before-first-header": ((b" Host: test",), 400),
    "folded": ((HOST, b"X: a", b" b"), 400),
    "folded-by-tab": ((HOST, b"X: a", b"\tb"), 400),
    "folded-length": ((HOST, b"Content-Length:", b" 5"), 400),
    "no-colon": ((HOST, b"nonsense"), 400),
    "no-name": ((HOST, b": x"), 400),
    "space-in-name": ((HOST, b"X Y: z"), 400),
    "nul-in-name": ((HOST, b"X\0: z"), 400),
    "not-ascii-in-name": ((HOST, b"X\xe9: z"), 400),
    "bracket-in-name": ((HOST, b"X(: z"), 400),
    "nul-in-value": ((HOST, b"X: \0"), 400),
    "bare-cr-in-value": ((HOST, b"X: a\rb"), 400),
    "bare-lf-in-value": ((HOST, b"X: a\nb: c"), 400),
    "control-in-value": ((HOST, b"X: \x01"), 400),
    "delete-in-value": ((HOST, b"X: \x7f"), 400),
    "cr-before-cr": ((HOST, b"X: a\r"), 400),
    "latin-1-in-value": ((HOST, b"X: \xe9"), (200, 200)),
    "tab-in-value": ((HOST, b"X:\ta\tb\t"), (200, 200)),
    "empty-value": ((HOST, b"X:"), (200, 200)),
    "large-head": ((HOST, b"X: " + b"y" * 9000), 431),
    "many-headers": ((HOST, *(b"X: y",) * 2000), 431),
    "many-spaces-and-nul": ((HOST, b"X:" + b" " * 4000 + b"\0"), 400),
    "underscore": ((HOST, b"Content_Length: 5"), (200, 200)),
    "expectation": ((HOST, b"Expect: magic"), 417),
    "two-expectations": ((HOST, b"Expect: 100-continue, magic"), 417),
    "upgrade-to-http-2": (
        (HOST, b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AA"),
        (200, 200),
    ),
    "upgrade-to-websocket": (
        (HOST, b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13"),
        (200, 200),
    ),
    "connection-names-host": ((HOST, b"Connection: Host"), (200, 200)),
    "proxy-connection": ((HOST, b"Proxy-Connection: close"), (200, 200)),
}
LENGTHS: Table[bytes] = {
    "length-signed": (b"+17", 400),
    "length-negative": (b"-1", 400),
    "length-hexadecimal": (b"0x11", 400),
    "length-of-letters": (b"seventeen", 400),
    "length-empty": (b"", 400),
    "length-fraction": (b"17.0", 400),
    "length-exponent": (b"1e1", 400),
    "length-with-underscore": (b"1_7", 400),
    "length-of-two-words": (b"1 7", 400),
    "length-list": (b"17, 17", 400),
    "length-list-of-two": (b"17, 5", 400),
    "length-with-comma": (b"17,", 400),
    "length-with-semicolon": (b"17;", 400),
    "length-of-other-digits": (b"\xd9\xa1\xd9\xa7", 400),
    "length-superscript": (b"1\xb2", 400),
    "length-with-vertical-tab": (b"\x0b17", 400),
    "length-with-nul": (b"17\0", 400),
    "length-of-64-bits": (b"18446744073709551633", 400),
    "length-of-63-bits": (b"9223372036854775807", 400),
    "length-endless": (b"1" * 5000, 400),
    "length-padded": (b"0" * 30 + b"17", 400),
    "length-with-zero": (b"017", (200, 200)),
    "length-too-large": (b"65537", 413),
    "length-with-spaces": (b" \t17\t ", (200, 200)),
}
CODINGS: Table[bytes] = {
    "chunked-twice": (b"chunked, chunked", 400),
    "gzip-chunked": (b"gzip, chunked", 400),
    "chunked-gzip": (b"chunked, gzip", 400),
    "identity-chunked": (b"identity, chunked", 400),
    "chunked-identity": (b"chunked, identity", 400),
    "gzip": (b"gzip", 501),
    "identity": (b"identity", 501),
    "xchunked": (b"xchunked", 400),
    "chunkedx": (b"chunkedx", 400),
    "chunked-with-parameter": (b"chunked;q=1", 400),
    "chunked-in-quotes": (b'"chunked"', 400),
    "chunked-with-comma": (b"chunked,", 400),
    "comma-chunked": (b", chunked", 400),
    "chunked-with-vertical-tab": (b"\x0bchunked", 400),
    "chunked-with-cr": (b"chunked\r", 400),
    "chunked-with-nul": (b"chunked\0", 400),
    "empty-coding": (b"", 400),
    "chunked-in-upper-case": (b"CHUNKED", (200, 200)),
    "chunked-before-tab": (b"chunked\t", 400),
    "chunked-behind-spaces": (b" \t chunked", (200, 200)),
}
CHUNKS: Table[bytes] = {
    "chunk-size-of-letters": (b"x\r\n", 400),
    "chunk-size-with-prefix": (b"0x11\r\n" + HELLO + b"\r\n0\r\n\r\n", 400),
    "chunk-size-negative": (b"-1\r\n", 400),
    "chunk-size-signed": (b"+11\r\n" + HELLO + b"\r\n0\r\n\r\n", 400),
    "chunk-size-missing": (b"\r\n", 400),
    "chunk-size-behind-space": (b" 11\r\n" + HELLO + b"\r\n0\r\n\r\n", 400),
    "chunk-size-before-space": (b"11 \r\n" + HELLO + b"\r\n0\r\n\r\n", 400),
    "chunk-size-endless": (b"f" * 16 + b"\r\n", 400),
    "chunk-size-padded": (b"0" * 20 + b"11\r\n" + HELLO + b"\r\n0\r\n\r\n", 400),
    "chunk-size-of-64-bits": (b"10000000000000011\r\n" + HELLO + b"\r\n0\r\n\r\n", 400),
    "chunk-size-with-underscore": (b"1_1\r\n" + HELLO + b"\r\n0\r\n\r\n", 400),
    "chunk-size-with-bare-lf": (b"11\n" + HELLO + b"\r\n0\r\n\r\n", 400),
    "chunk-size-with-bare-cr": (b"11\r" + HELLO + b"\r\n0\r\n\r\n", 400),
    "chunk-too-long": (b"5\r\n" + HELLO + b"\r\n0\r\n\r\n", 400),
    "chunk-too-short": (b"12\r\n" + HELLO + b"\r\n0\r\n\r\n", 400),
    "chunk-with-bare-lf": (b"11\r\n" + HELLO + b"\n0\r\n\r\n", 400),
    "chunk-without-end": (b"11\r\n" + HELLO + b"0\r\n\r\n", 400),
    "chunk-too-large": (b"10001\r\n", 413),
    "extension-with-cr": (b"11;a\rb\r\n" + HELLO + b"\r\n0\r\n\r\n", 400),
    "extension-with-lf": (b"11;a\nb\r\n" + HELLO + b"\r\n0\r\n\r\n", 400),
    "extension-with-nul": (b"11;\0\r\n" + HELLO + b"\r\n0\r\n\r\n", 400),
    "extension-endless": (b"11;" + b"x" * 300 + b"\r\n", 400),
    "extensions-without-end": (b"1;xxxxxxxx\r\nx\r\n" * 6000, 413),
    "extension": (b"11;a=b\r\n" + HELLO + b"\r\n0\r\n\r\n", (200, 200)),
    "extension-in-quotes": (b'11;a="b;c"\r\n' + HELLO + b"\r\n0;x\r\n\r\n", (200, 200)),
    "last-chunk-of-zeros": (b"11\r\n" + HELLO + b"\r\n000\r\n\r\n", (200, 200)),
    "trailer": (b"11\r\n" + HELLO + b"\r\n0\r\nX: y\r\n\r\n", (200, 200)),
    "trailer-with-length": (b"11\r\n" + HELLO + b"\r\n0\r\nContent-Length: 99\r\n\r\n", (200, 200)),
    "trailer-with-coding": (
        b"11\r\n" + HELLO + b"\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n",
        (200, 200),
    ),
    "trailer-folded": (b"11\r\n" + HELLO + b"\r\n0\r\nX: y\r\n z\r\n\r\n", 400),
    "trailer-without-colon": (b"11\r\n" + HELLO + b"\r\n0\r\nnonsense\r\n\r\n", 400),
    "trailer-with-bare-lf": (b"11\r\n" + HELLO + b"\r\n0\r\nX: y\n\r\n", 400),
    "trailer-endless": (b"0\r\nX: " + b"y" * 9000, 400),
    "empty": (b"0\r\n\r\n", (400, 200)),
}
OTHERS: Table[bytes] = {
    "bare-lf": (b"GET /health HTTP/1.1\nHost: test\n\n", 400),
    "bare-lf-at-the-end": (b"GET /health HTTP/1.1\r\nHost: test\r\n\n", 400),
    "two-crs": (b"GET /health HTTP/1.1\r\r\nHost: test\r\n\r\n", 400),
    "empty-lines-before": (b"\r\n\r\n" + get(HOST), (200, 200)),
    "bare-lf-before": (b"\n" + get(HOST), 400),
    "bare-cr-before": (b"\r" + get(HOST), 400),
    "byte-order-mark": (b"\xef\xbb\xbf" + get(HOST), 400),
    "nul-before": (b"\0" + get(HOST), 400),
    "two-lengths": (with_length(b"17", b"Content-Length: 17"), 400),
    "two-different-lengths": (with_length(b"17", b"Content-Length: 5"), 400),
    "length-then-chunked": (with_length(b"17", CHUNKED, body=ONE_CHUNK), 400),
    "chunked-then-length": (in_chunks(ONE_CHUNK, b"Content-Length: 17"), 400),
    "length-0-then-chunked": (with_length(b"0", CHUNKED, body=b"0\r\n\r\n" + SMUGGLED), 400),
    "length-of-chunks": (with_length(b"28", CHUNKED, body=ONE_CHUNK), 400),
    "coding-with-space": (post(b"Transfer-Encoding : chunked", body=ONE_CHUNK), 400),
    "coding-with-length-and-space": (
        with_length(b"17", b"Transfer-Encoding : chunked", body=HELLO),
        400,
    ),
    "coding-with-underscore": (with_length(b"17", b"Transfer_Encoding: chunked"), (200, 200)),
    "coding-folded": (post(b"Transfer-Encoding:", b" chunked", body=ONE_CHUNK), 400),
    "coding-behind-bare-lf": (with_length(b"17", b"X: y\nTransfer-Encoding: chunked"), 400),
    "two-codings": (in_chunks(ONE_CHUNK, CHUNKED), 400),
    "coding-and-identity": (in_chunks(ONE_CHUNK, b"Transfer-Encoding: identity"), 400),
    "coding-in-1.0": (request(b"POST /predict HTTP/1.0", HOST, CHUNKED, end=ONE_CHUNK), 400),
    "length-and-coding-in-1.0": (
        request(
            b"POST /predict HTTP/1.0", HOST, CHUNKED, b"Content-Length: 17", end=ONE_CHUNK + HELLO
        ),
        400,
    ),
    "get-with-body": (get(HOST, b"Content-Length: 38", end=SMUGGLED), (200, 200)),
    "get-in-chunks": (
        get(HOST, CHUNKED, end=b"26\r\n" + SMUGGLED + b"\r\n0\r\n\r\n"),
        (200, 200),
    ),
    "post-without-length": (post(), (400, 200)),
    "body-holds-a-request": (with_length(b"38", body=SMUGGLED), (400, 200)),
    "request-behind-a-body": (with_length(b"17", body=HELLO + SMUGGLED), (200, 404, 200)),
    "continue-with-body": (with_length(b"17", b"Expect: 100-continue"), (200, 200)),
    "continue-without-body": (get(HOST, b"Expect: 100-continue"), (200, 200)),
    "continue-too-large": (
        with_length(b"99999999", b"Expect: 100-continue", body=b""),
        413,
    ),
    "close-among-options": (get(HOST, b"Connection: x, Close"), (200,)),
    "1.0": (request(b"GET /health HTTP/1.0"), (200,)),
    "1.0-with-keep-alive": (
        request(b"GET /health HTTP/1.0", HOST, b"Connection: keep-alive"),
        (200,),
    ),
    "1.0-with-two-hosts": (request(b"GET /health HTTP/1.0", HOST, HOST), 400),
}


def _table() -> tuple[OddRequest, ...]:
    tables: tuple[Table[bytes], ...] = (
        {name: (get(HOST, start=line), seen) for name, (line, seen) in REQUEST_LINES.items()},
        {name: (get(HOST, target=target), seen) for name, (target, seen) in TARGETS.items()},
        {name: (get(*lines), seen) for name, (lines, seen) in HEADERS.items()},
        {name: (with_length(value), seen) for name, (value, seen) in LENGTHS.items()},
        {
            name: (post(b"Transfer-Encoding: " + value, body=ONE_CHUNK), seen)
            for name, (value, seen) in CODINGS.items()
        },
        {f"chunks-{name}": (in_chunks(body), seen) for name, (body, seen) in CHUNKS.items()},
        OTHERS,
    )
    return tuple(
        OddRequest(name, data, seen if isinstance(seen, tuple) else (seen,))
        for table in tables
        for name, (data, seen) in table.items()
    )


ODD_REQUESTS = _table()
