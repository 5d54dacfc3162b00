"""The protocol state machine: bytes in, requests or refusals out, however the bytes are cut."""

from __future__ import annotations

import gc
import time
import tracemalloc
from http import HTTPStatus
from typing import Any

import pytest

from func.server.request_head import RefusedError
from func.server.request_reader import MAX_EMPTY_LINES, RequestReader
from tests.support.malformed_requests import (
    HEALTH,
    MAX_BODY_BYTES,
    MAX_HEADER_BYTES,
    ODD_REQUESTS,
)

HEAD = b"POST /predict?a=b HTTP/1.1\r\nHost: test\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def read(data: bytes) -> Any:
    """Return the first request of some bytes."""
    reader = RequestReader(MAX_HEADER_BYTES, MAX_BODY_BYTES)
    reader.feed(data)
    while (request := reader.next_request()) is None and reader.is_paused:
        pass
    return request


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
    reader = RequestReader(MAX_HEADER_BYTES, MAX_BODY_BYTES)
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
    "odd", [odd for odd in ODD_REQUESTS if odd.is_refused], ids=lambda odd: odd.name
)
def test_malformed_requests_are_refused(odd):
    """Bytes that RFC 9110 and 9112 forbid, or that exceed a limit, get an error."""
    with pytest.raises(RefusedError) as refused:
        read(odd.data + HEALTH)

    assert (refused.value.status,) == odd.statuses


@pytest.mark.parametrize("path", [b"/" + b"a" * 8191, b"/" + b"%41" * 2730])
def test_long_paths_are_refused(path):
    """Their percent-encodings would take the loop's time; a query may be longer."""
    reader = RequestReader(32_768, MAX_BODY_BYTES)
    reader.feed(get(path + b"?" + b"q" * 9000) + get(path + b"aaa"))
    assert reader.next_request()
    with pytest.raises(RefusedError) as refused:
        reader.next_request()

    assert refused.value.status == HTTPStatus.REQUEST_URI_TOO_LONG


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
        pytest.param(get(host=b"Host: a\r\nConnection: x,,\tclose\r\n"), True, id="last-of-many"),
        pytest.param(get(host=b"Host: a\r\nConnection: closed\r\n"), False, id="other-option"),
        pytest.param(get(host=b"Host: a\r\nConnection: %b\r\n" % (b"," * 256)), False, id="many"),
        pytest.param(
            get(host=b"Host: a\r\nConnection: %b\r\n" % (b"," * 257)), True, id="too-many"
        ),
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
    reader: Any = RequestReader(MAX_HEADER_BYTES, MAX_BODY_BYTES)
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


def test_continue_is_never_wanted_behind_a_request():
    """A request without a body leaves no expectation to the one after it."""
    reader: Any = RequestReader(MAX_HEADER_BYTES, MAX_BODY_BYTES)
    reader.feed(post(b"Expect: 100-continue"))
    assert reader.next_request()
    reader.feed(b"GET")
    assert reader.next_request() is None
    assert not reader.wants_continue


def test_empty_lines_before_a_request_are_ignored():
    """A client may send an empty line after a body (RFC 9112, section 2.2)."""
    reader = RequestReader(MAX_HEADER_BYTES, MAX_BODY_BYTES)
    reader.feed(b"\r\n\r")
    assert not reader.has_begun
    assert reader.next_request() is None
    assert not reader.has_begun
    reader.feed(b"\n" + get())
    assert reader.next_request()


def test_empty_lines_have_a_limit_of_number():
    """It counts all before one request, however they arrive; a client may send them for ever."""
    reader = RequestReader(MAX_HEADER_BYTES, MAX_BODY_BYTES)
    for _ in range(2):
        for _ in range(MAX_EMPTY_LINES):
            reader.feed(b"\r\n")
            assert reader.next_request() is None
        reader.feed(get())
        assert reader.next_request()
    reader.feed(b"\r\n" * MAX_EMPTY_LINES)
    assert reader.next_request() is None
    reader.feed(b"\r\n" + get())
    with pytest.raises(RefusedError) as refused:
        reader.next_request()

    assert refused.value.status == HTTPStatus.BAD_REQUEST


def test_held_bytes_are_counted():
    """Bytes that arrived count until they are part of a request: the head, and decoded chunks."""
    reader = RequestReader(MAX_HEADER_BYTES, MAX_BODY_BYTES)
    reader.feed(in_chunks(b"64\r\n" + b"x" * 50))
    assert reader.next_request() is None
    of_headers = 2 * 256
    assert reader.held_bytes == len(CHUNKED) + of_headers + 50
    reader.feed(b"x" * 50 + b"\r\n0\r\n\r\nGET")
    request = reader.next_request()
    assert request
    assert request.held_bytes == len(CHUNKED) + of_headers + 100
    assert reader.held_bytes == len(b"GET")


def test_bytes_behind_a_request_can_be_dropped():
    """Nobody will ask for them when the client has gone."""
    reader = RequestReader(MAX_HEADER_BYTES, MAX_BODY_BYTES)
    reader.feed(get() + get())
    assert reader.next_request()
    reader.clear()

    assert reader.held_bytes == 0
    assert reader.next_request() is None


def test_head_has_a_limit():
    """One of exactly the allowed size passes, one more byte does not."""
    padding = b"x" * (MAX_HEADER_BYTES - len(get(b"/")))
    assert read(get(b"/" + padding))
    with pytest.raises(RefusedError) as refused:
        read(get(b"/x" + padding))

    assert refused.value.status == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE


def test_headers_have_a_limit_of_number():
    """As many as gateways pass on are enough: each costs memory beside its bytes."""
    assert read(get(host=b"Host: a\r\n" + b"X:\r\n" * 127))
    with pytest.raises(RefusedError) as refused:
        read(get(host=b"Host: a\r\n" + b"X:\r\n" * 128))

    assert refused.value.status == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE


def test_long_heads_leave_no_memory_behind():
    """Nothing of a request is kept for later ones, however many differ."""
    tracemalloc.start()
    for number in range(500):
        name = b"%d" % number + b"x" * 2000
        assert read(get(name.join((b"/", b"?", b"")), host=b"Host: test\r\n%b: x\r\n" % name))
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert kept < 500_000


def test_a_head_that_never_ends_is_freed_at_once():
    """A client that goes leaves nothing to the garbage collector: nobody counts those bytes."""
    gc.collect()
    reader = RequestReader(8192, 8192)
    reader.feed(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 1000)
    assert reader.next_request() is None
    del reader

    assert gc.collect() == 0


def test_short_parts_of_heads_are_kept_in_a_bounded_number():
    """Clients repeat them, but a hostile one need not."""
    tracemalloc.start()
    for number in range(5000):
        name = b"%d" % number + b"x" * 50
        assert read(get(b"/" + name, host=b"Host: test\r\n%b: x\r\n" % name))
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert kept < 500_000


@pytest.mark.parametrize("pattern", [b"GET a://%b", b"GET / HTTP/1.1\r\nX:%b\0", b"GET /?%b"])
def test_time_is_linear_in_the_length(pattern):
    """A head of a mebibyte, byte by byte in segments, takes no longer than its length allows."""
    reader = RequestReader(1 << 21, MAX_BODY_BYTES)
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
