"""Responses as bytes, and what a WSGI app's response becomes."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest

from func.server.request_reader import ReceivedRequest, RequestReader
from func.server.responses import MAX_JOINED_BYTES, call_wsgi, encode, refusal

HEADERS = [("Content-Length", "2")]


def received(method: bytes = b"GET", version: bytes = b"1.1") -> ReceivedRequest:
    """Return a request that has arrived."""
    reader = RequestReader(8192, 65536)
    reader.feed(b"%b /health HTTP/%b\r\nHost: test:81\r\n\r\n" % (method, version))
    request = reader.next_request()
    assert request
    return request


@pytest.mark.parametrize(
    ("request_", "closes", "start", "end"),
    [
        pytest.param(received(), False, b"HTTP/1.1 200 OK\r\n", b"GMT\r\n\r\n{}", id="1.1"),
        pytest.param(received(), True, b"HTTP/1.1 ", b"\r\nConnection: close\r\n\r\n{}", id="last"),
        pytest.param(
            received(version=b"1.0"), True, b"HTTP/1.0 ", b"Connection: close\r\n\r\n{}", id="1.0"
        ),
        pytest.param(received(b"HEAD"), False, b"HTTP/1.1 ", b"GMT\r\n\r\n", id="head"),
        pytest.param(None, True, b"HTTP/1.1 ", b"Connection: close\r\n\r\n{}", id="refused"),
    ],
)
def test_response_suits_its_request(request_, closes, start, end):
    """Its version, its end of the connection, and no body for HEAD."""
    [message] = encode("200 OK", HEADERS, b"{}", request=request_, closes=closes)

    assert message.startswith(start)
    assert b"\r\nContent-Length: 2\r\nDate: " in message
    assert message.endswith(end)


@pytest.mark.parametrize(
    ("now_s", "date"),
    [
        (784111777, b"Sun, 06 Nov 1994 08:49:37 GMT"),
        (1709210096, b"Thu, 29 Feb 2024 12:34:56 GMT"),
        (0, b"Thu, 01 Jan 1970 00:00:00 GMT"),
    ],
)
def test_date_is_that_of_http(monkeypatch, now_s, date):
    """In the form of RFC 9110, section 5.6.7."""
    monkeypatch.setattr("func.server.responses.time.time", lambda: now_s + 0.9)

    assert b"\r\nDate: " + date + b"\r\n" in b"".join(
        encode("200 OK", [], b"", request=None, closes=False)
    )


def test_large_bodies_are_not_copied():
    """They go out as a piece of their own, behind the head."""
    body = b"x" * (MAX_JOINED_BYTES + 1)
    head, second = encode("200 OK", [], body, request=None, closes=False)
    [joined] = encode("200 OK", [], body[1:], request=None, closes=False)

    assert head.endswith(b"\r\n\r\n")
    assert second is body
    assert joined == head + body[1:]


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (HTTPStatus.BAD_REQUEST, ()),
        (HTTPStatus.SERVICE_UNAVAILABLE, (("Retry-After", "1"),)),
    ],
)
def test_refusals_say_whether_to_come_again(status, headers):
    """Only overload passes."""
    response = refusal(status)

    assert response.headers == headers
    assert response.body == b'{"error":"%b"}' % status.phrase.encode()


class Body:
    """The body of an app's response, in pieces.

    Attributes:
        is_closed: whether the server has closed it.
    """

    is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield from (b"b", b"c")

    def close(self) -> None:
        """Note the call."""
        self.is_closed = True


def test_wsgi_response_is_collected():
    """The body is all that the app writes and returns; its iterable is closed (PEP 3333)."""
    body, environ = Body(), received().environ()

    def app(environ: dict[str, Any], start_response: Any) -> Body:
        start_response("200 OK", [("X", environ["SERVER_PORT"])])(b"a")
        return body

    status_line, headers, content = call_wsgi(app, environ)

    assert (status_line, content) == ("200 OK", b"abc")
    assert headers == [("X", "81"), ("Content-Length", "3")]
    assert body.is_closed


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        pytest.param("204 No Content", [], id="no-content"),
        pytest.param("304 Not Modified", [], id="not-modified"),
        pytest.param("200 OK", [("content-length", "0")], id="own-length"),
    ],
)
def test_wsgi_response_keeps_its_headers(status, headers):
    """No length is added where one is set, or where none may be (RFC 9110, section 8.6)."""

    def app(_: object, start_response: Any) -> list[bytes]:
        start_response(status, headers)
        return []

    assert call_wsgi(app, {}) == (status, headers, b"")


def test_wsgi_response_has_one_date():
    """The server adds the Date of every response; werkzeug has its own in some."""

    def app(_: object, start_response: Any) -> list[bytes]:
        start_response("304 Not Modified", [("date", "Sun, 06 Nov 1994 08:49:37 GMT"), ("X", "1")])
        return []

    assert call_wsgi(app, {})[1] == [("X", "1")]


def test_failing_wsgi_app_is_closed():
    """The error of an iterable passes on, once it is closed."""

    class Failing(Body):
        def __iter__(self) -> Iterator[bytes]:
            raise RuntimeError

    body = Failing()

    def app(_: object, start_response: Any) -> Body:
        start_response("200 OK", [])
        return body

    with pytest.raises(RuntimeError):
        call_wsgi(app, {})
    assert body.is_closed


@pytest.mark.parametrize(
    ("host", "name", "port"),
    [
        pytest.param({"HTTP_HOST": "a:8080"}, "a", "8080", id="name-and-port"),
        pytest.param({"HTTP_HOST": "[::1]:80"}, "[::1]", "80", id="ipv6"),
        pytest.param({"HTTP_HOST": "a:"}, "a", "80", id="empty-port"),
        pytest.param({}, "localhost", "80", id="none"),
    ],
)
def test_wsgi_environment_names_the_server(host, name, port):
    """The Host tells what the client has called it."""
    seen: dict[str, Any] = {}

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.update(environ)
        start_response("200 OK", [])
        return []

    call_wsgi(app, host)

    assert (seen["SERVER_NAME"], seen["SERVER_PORT"]) == (name, port)
    assert seen["wsgi.version"] == (1, 0)
