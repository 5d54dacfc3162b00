"""The protocol state machine: bytes in, requests or refusals out, however the bytes are cut."""

from __future__ import annotations

import time
from typing import Any

import pytest

from func.server.request_head import RefusedError
from func.server.request_reader import RequestReader

HEADER_LIMIT, BODY_LIMIT = 8192, 1000
HEAD = b"POST /predict?a=b HTTP/1.1\r\nHost: test\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def read(data: bytes) -> Any:
    """Return the first request of some bytes."""
    reader = RequestReader(HEADER_LIMIT, BODY_LIMIT)
    reader.feed(data)
    return reader.next_request()


def get(target: bytes = b"/", *, host: bytes = b"Host: test\r\n", version: bytes = b"1.1") -> bytes:
    """Encode a request by GET."""
    return b"GET %b HTTP/%b\r\n%b\r\n" % (target, version, host)


def post(*headers: bytes, body: bytes = b"") -> bytes:
    """Encode a request by POST."""
    return HEAD + b"".join(header + b"\r\n" for header in headers) + b"\r\n" + body


def in_chunks(body: bytes) -> bytes:
    """Encode a request whose body has this coding."""
    return CHUNKED + body


@pytest.mark.parametrize(
    "data",
    [
        post(b"Content-Length: 5", body=b"hello"),
        in_chunks(b"2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nx: y\r\n\r\n"),
    ],
)
def test_request_is_the_same_however_it_is_cut(data):
    """One byte at a time or all at once, two pipelined requests arrive in order."""
    reader = RequestReader(HEADER_LIMIT, BODY_LIMIT)
    requests = []
    for byte in data + get(b"/next"):
        reader.feed(bytes([byte]))
        requests += [request] if (request := reader.next_request()) else []
    first, second = requests

    assert first == read(data)
    assert first.body == b"hello"
    assert first.environ()["CONTENT_LENGTH"] == "5"
    assert first.head.environ["PATH_INFO"] == "/predict"
    assert first.head.environ["QUERY_STRING"] == "a=b"
    assert second.head.environ["PATH_INFO"] == "/next"
    assert not reader.has_begun


@pytest.mark.parametrize(
    ("data", "status"),
    [
        pytest.param(get(host=b""), 400, id="no-host"),
        pytest.param(get(host=b"Host: a\r\nHost: a\r\n"), 400, id="two-hosts"),
        pytest.param(get(host=b"Host: a b\r\n"), 400, id="host-with-space"),
        pytest.param(get(host=b"Host: a/b\r\n"), 400, id="host-with-path"),
        pytest.param(get(host=b"Host: a@b\r\n"), 400, id="host-with-user"),
        pytest.param(get(host=b"Host: a:b\r\n"), 400, id="host-with-bad-port"),
        pytest.param(get(version=b"2.0"), 505, id="version"),
        pytest.param(get(version=b"1.10"), 400, id="version-of-two-digits"),
        pytest.param(b"GET /\r\n\r\n", 400, id="http-0.9"),
        pytest.param(b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400, id="two-spaces"),
        pytest.param(b"GET / RTSP/1.0\r\n\r\n", 400, id="rtsp"),
        pytest.param(b"SOURCE / ICE/1.0\r\n\r\n", 400, id="ice"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, id="http-2-preface"),
        pytest.param(b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 400, id="connect"),
        pytest.param(b"\x16\x03\x01", 400, id="tls"),
        pytest.param(get(b"http://["), 400, id="broken-authority"),
        pytest.param(get(b"http:///x"), 400, id="empty-authority"),
        pytest.param(get(b"*"), 400, id="asterisk-of-get"),
        pytest.param(get(b"/a#b"), 400, id="fragment"),
        pytest.param(get(b"a"), 400, id="relative"),
        pytest.param(get(b"/\xff"), 400, id="not-ascii"),
        pytest.param(b"GET / HTTP/1.1\nHost: a\n\n", 400, id="bare-lf"),
        pytest.param(get(host=b"Host: a\r\nx: a\rb\r\n"), 400, id="bare-cr"),
        pytest.param(get(host=b"Host: a\r\n x\r\n"), 400, id="obs-fold"),
        pytest.param(get(host=b"Host : a\r\n"), 400, id="space-before-colon"),
        pytest.param(get(host=b"Host: a\r\nx: \0\r\n"), 400, id="nul"),
        pytest.param(post(b"Content-Length: 1", b"Content-Length: 1"), 400, id="two-lengths"),
        pytest.param(post(b"Content-Length: 1, 1"), 400, id="list-of-lengths"),
        pytest.param(post(b"Content-Length: +1"), 400, id="signed-length"),
        pytest.param(post(b"Content-Length: " + b"1" * 5000), 400, id="endless-length"),
        pytest.param(post(b"Content-Length: " + b"0" * 30 + b"1"), 400, id="padded-length"),
        pytest.param(post(b"Content-Length: 1001"), 413, id="large-body"),
        pytest.param(post(b"Content-Length: 3", b"Transfer-Encoding: chunked"), 400, id="cl-te"),
        pytest.param(post(b"Transfer-Encoding: chunked", b"Content-Length: 3"), 400, id="te-cl"),
        pytest.param(post(b"Transfer-Encoding: chunked, chunked"), 400, id="chunked-twice"),
        pytest.param(
            post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"), 400, id="te-te"
        ),
        pytest.param(post(b"Transfer-Encoding: gzip, chunked"), 400, id="gzip-chunked"),
        pytest.param(post(b"Transfer-Encoding: gzip"), 501, id="gzip"),
        pytest.param(post(b"Transfer-Encoding: xchunked"), 400, id="xchunked"),
        pytest.param(b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, id="te-in-1.0"),
        pytest.param(post(b"Expect: magic"), 417, id="expectation"),
        pytest.param(in_chunks(b"x\r\n"), 400, id="chunk-size"),
        pytest.param(in_chunks(b"0x1\r\n"), 400, id="chunk-size-with-prefix"),
        pytest.param(in_chunks(b"-1\r\n"), 400, id="negative-chunk"),
        pytest.param(in_chunks(b"\r\n"), 400, id="no-chunk-size"),
        pytest.param(in_chunks(b"1\nx\r\n"), 400, id="chunk-with-bare-lf"),
        pytest.param(in_chunks(b"1;a\rb\r\nx\r\n"), 400, id="extension-with-cr"),
        pytest.param(in_chunks(b"1\r\nxy\r\n"), 400, id="chunk-too-long"),
        pytest.param(in_chunks(b"f" * 16 + b"\r\n"), 400, id="endless-chunk-size"),
        pytest.param(in_chunks(b"1;" + b"x" * 300), 400, id="endless-extension"),
        pytest.param(in_chunks(b"3e9\r\n"), 413, id="large-chunk"),
        pytest.param(in_chunks(b"1;xxxxxxxx\r\nx\r\n" * 100), 413, id="much-overhead"),
        pytest.param(in_chunks(b"0\r\n bad\r\n\r\n"), 400, id="trailer"),
        pytest.param(in_chunks(b"0\r\nx: " + b"y" * 9000), 400, id="endless-trailer"),
        pytest.param(get(host=b"Host: a\r\nx: " + b"y" * 8192 + b"\r\n"), 431, id="large-head"),
    ],
)
def test_malformed_requests_are_refused(data, status):
    """What RFC 9110 and 9112 forbid, and what exceeds a limit, gets an error."""
    with pytest.raises(RefusedError) as refused:
        read(data)

    assert refused.value.status == status


@pytest.mark.parametrize(
    ("target", "path", "host"),
    [
        pytest.param(b"http://a:1/x%2Fy?q", "/x/y", "a:1", id="absolute"),
        pytest.param(b"HTTP://a", "/", "a", id="absolute-without-path"),
        pytest.param(b"http://[::1]?q", "/", "[::1]", id="absolute-with-query"),
        pytest.param(b"//x", "//x", "test", id="two-slashes"),
    ],
)
def test_target_becomes_path_and_host(target, path, host):
    """The authority of an absolute target replaces the Host (RFC 9112, section 3.2.2)."""
    environ = read(get(target)).head.environ

    assert (environ["PATH_INFO"], environ["HTTP_HOST"]) == (path, host)


def test_options_of_the_server_are_understood():
    """``OPTIONS *`` asks about the server itself."""
    assert read(b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").head.environ["PATH_INFO"] == "*"


@pytest.mark.parametrize(
    ("data", "is_last"),
    [
        pytest.param(get(), False, id="1.1"),
        pytest.param(get(version=b"1.0", host=b""), True, id="1.0"),
        pytest.param(get(host=b"Host: a\r\nConnection: Close , x\r\n"), True, id="close-and-more"),
        pytest.param(get(host=b"Host: a\r\nConnection: closed\r\n"), False, id="other-option"),
    ],
)
def test_end_of_the_connection_is_understood(data, is_last):
    """The options of Connection are a list; HTTP/1.0 ends after one request."""
    assert read(data).head.is_last is is_last


def test_headers_that_look_alike_are_not_confused():
    """A name with "_" is dropped, and repeated values are joined."""
    headers = (
        b"Host: a\r\nContent_Length: 7\r\nX: 1\r\nX: 2\r\nUpgrade: h2c\r\nConnection: upgrade\r\n"
    )
    environ = read(get(host=headers)).environ()

    assert environ["CONTENT_LENGTH"] == ""
    assert environ["HTTP_X"] == "1, 2"


def test_continue_is_wanted_only_while_the_body_is_missing():
    """A client that has begun its body needs no 100, and the next request expects nothing."""
    reader: Any = RequestReader(HEADER_LIMIT, BODY_LIMIT)
    reader.feed(post(b"Content-Length: 2", b"Expect: 100-Continue"))
    assert reader.next_request() is None
    assert reader.wants_continue
    reader.feed(b"h")
    assert reader.next_request() is None
    assert not reader.wants_continue
    reader.feed(b"i" + post(b"Content-Length: 2"))
    assert reader.next_request()
    assert reader.next_request() is None
    assert not reader.wants_continue


def test_empty_lines_before_a_request_are_ignored():
    """A client may send an empty line after a body (RFC 9112, section 2.2)."""
    reader = RequestReader(HEADER_LIMIT, BODY_LIMIT)
    reader.feed(b"\r\n\r")
    assert reader.next_request() is None
    reader.feed(b"\n" + get())
    assert reader.next_request()


def test_held_bytes_are_counted():
    """What has arrived counts until it is part of a request, decoded chunks included."""
    reader = RequestReader(HEADER_LIMIT, BODY_LIMIT)
    reader.feed(in_chunks(b"64\r\n" + b"x" * 50))
    assert reader.next_request() is None
    assert reader.held_bytes == 50


@pytest.mark.parametrize("pattern", [b"GET a://%b", b"GET / HTTP/1.1\r\nX:%b\0", b"GET /?%b"])
def test_time_is_linear_in_the_length(pattern):
    """A head of a mebibyte, byte by byte in segments, takes no longer than its length allows."""
    reader = RequestReader(1 << 21, BODY_LIMIT)
    data = pattern.replace(b"%b", b" " * (1 << 20) if b"X:" in pattern else b"1" * (1 << 20))
    start = time.process_time()
    with pytest.raises(RefusedError):
        read_in_segments(reader, data + b"\0\r\n\r\n")
    assert time.process_time() - start < 5


def read_in_segments(reader: RequestReader, data: bytes) -> None:
    """Feed bytes a kibibyte at a time."""
    for offset in range(0, len(data), 1024):
        reader.feed(data[offset : offset + 1024])
        reader.next_request()
