"""Bodies in chunks: where they end, and the limits of their parts."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from func.server.chunked_body import MAX_CHUNKS, ChunkedBody
from func.server.request_head import RefusedError

MAX_BYTES = 64 * 1024
WHOLE = b"5;a=b\r\nhello\r\n00003\r\n, x\r\n0\r\nX: y\r\n\r\n"


def feed(data: bytes, *, max_bytes: int = MAX_BYTES, step: int = MAX_BYTES) -> tuple[bytes, bytes]:
    """Return the content of a body, and what is left behind it."""
    body, buffer = ChunkedBody(max_bytes), bytearray()
    for start in range(0, len(data), step):
        buffer += data[start : start + step]
        body.feed(buffer)
    assert body.is_complete
    return bytes(body.content), bytes(buffer)


@pytest.mark.parametrize("step", range(1, len(WHOLE)))
def test_body_is_the_same_however_it_is_cut(step):
    """It ends with its last line, and leaves the next request in the buffer."""
    assert feed(WHOLE + b"GET", step=step) == (b"hello, x", b"GET")


def test_incomplete_body_waits_for_more():
    """Its parts are not refused."""
    for end in range(len(WHOLE)):
        body = ChunkedBody(MAX_BYTES)
        body.feed(bytearray(WHOLE[:end]))
        assert not body.is_complete


@pytest.mark.parametrize(
    ("longest", "refused", "status"),
    [
        pytest.param(b"0;" + b"x" * 252 + b"\r\n\r\n", b"0;" + b"x" * 253, 400, id="size-line"),
        pytest.param(
            b"0\r\nX:" + b"x" * 8188 + b"\r\n\r\n", b"0\r\nX:" + b"x" * 8189, 400, id="trailer"
        ),
        pytest.param(
            b"10000\r\n" + b"x" * MAX_BYTES + b"\r\n0\r\n\r\n", b"10001\r\n", 413, id="body"
        ),
        pytest.param(
            b"8000\r\n" + b"x" * 0x8000 + b"\r\n8000\r\n" + b"x" * 0x8000 + b"\r\n0\r\n\r\n",
            b"8000\r\n" + b"x" * 0x8000 + b"\r\n8001\r\n",
            413,
            id="second-chunk",
        ),
        pytest.param(b"0" * 15 + b"\r\n\r\n", b"0" * 16 + b"\r\n\r\n", 400, id="digits"),
    ],
)
def test_each_part_has_a_limit(longest, refused, status):
    """A part of exactly the allowed size passes, one more byte does not."""
    feed(longest)
    with pytest.raises(RefusedError) as caught:
        feed(refused + b"\r\n\r\n")

    assert caught.value.status == HTTPStatus(status)


def test_size_lines_and_trailers_have_a_limit_together():
    """A body of tiny chunks costs no more than a large one."""
    chunks = b"1\r\nx\r\n" * 10  # 30 bytes of size lines
    end = b"0\r\nX:\r\n\r\n"  # 9 bytes
    assert feed(chunks + end, max_bytes=39)[0] == b"x" * 10
    with pytest.raises(RefusedError) as caught:
        feed(chunks + end, max_bytes=38)

    assert caught.value.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def test_many_tiny_chunks_are_taken_in_several_calls():
    """Each call takes a bounded number of chunks, and says whether it has left some."""
    body = ChunkedBody(MAX_BYTES)
    buffer = bytearray(b"1\r\nx\r\n" * (MAX_CHUNKS + 1) + b"0\r\n\r\n")
    body.feed(buffer)
    assert (len(body.content), body.is_paused, body.is_complete) == (MAX_CHUNKS, True, False)
    body.feed(buffer)

    assert (len(body.content), body.is_paused, body.is_complete) == (MAX_CHUNKS + 1, False, True)


@pytest.mark.parametrize("line", [b"X", b": y", b"X: \0", b" X: y"])
def test_trailers_are_headers(line):
    """They are dropped, but checked."""
    with pytest.raises(RefusedError):
        feed(b"0\r\n" + line + b"\r\n\r\n")


@pytest.mark.parametrize("end", [b"\rX", b"X\n", b"\n\r"])
def test_chunk_ends_with_its_line(end):
    """Other bytes behind its data mean that sender and server disagree."""
    with pytest.raises(RefusedError):
        feed(b"1\r\nx" + end + b"0\r\n\r\n")
