from __future__ import annotations

import socket

import pytest

from model.errors import StoreError, StoreMissingError, StoreUnavailableError
from model.store.web import WebTransport
from tests.support.stores.servers import QuietHandler
from tests.support.stores.web import WebStore, redirect, status, truncate

CONTENT = bytes(range(256)) * 1000


def read(web: WebStore, offset: int = 0) -> bytes:
    return b"".join(WebTransport(web.uri).open("key", offset))


def test_a_file_is_read_over_https(web):
    """The server's certificate is checked, by the authorities of SSL_CERT_FILE."""
    web.files["key"] = CONTENT
    assert read(web) == CONTENT


def test_a_range_is_asked_for(web):
    """A download that goes on asks for the rest only."""
    web.files["key"] = CONTENT
    assert read(web, 200_000) == CONTENT[200_000:]
    assert web.requests[-1][2] == "bytes=200000-"


def test_a_server_without_ranges_is_read_from_the_start(web):
    """Bytes that arrived before are skipped."""
    web.files["key"], web.knows_ranges = CONTENT, False
    assert read(web, 200_000) == CONTENT[200_000:]


def test_a_server_that_has_less_than_before_ends(web):
    """Skipping ends with the body."""
    web.files["key"], web.knows_ranges = CONTENT, False
    assert read(web, len(CONTENT) + 1) == b""


@pytest.mark.parametrize(
    ("code", "error", "reason"),
    [
        (400, StoreError, "can't be used: the server answers 400"),
        (401, StoreError, "may not be used: the server answers 401"),
        (403, StoreError, "may not be used: the server answers 403"),
        (404, StoreMissingError, "does not exist"),
        (410, StoreMissingError, "does not exist"),
        (429, StoreUnavailableError, "is not available: the server answers 429"),
        (503, StoreUnavailableError, "is not available: the server answers 503"),
    ],
)
def test_a_status_of_failure_is_named(web, code, error, reason):
    """The error says what the server answered, and only what may pass is worth another try."""
    web.faults = [status(code)]
    with pytest.raises(error, match=f"{web.uri}/key {reason}") as caught:
        read(web)
    assert type(caught.value) is error


def test_an_untrusted_certificate_is_refused(web, monkeypatch):
    """A server whose authority is unknown is not read."""
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(StoreError, match="has a certificate that is not trusted"):
        read(web)


def test_a_truncated_body_ends_early(web):
    """A body that breaks off yields what has arrived, or an error that is worth another try."""
    web.files["key"], web.faults = CONTENT, [truncate]
    received = bytearray()
    chunks = map(received.extend, WebTransport(web.uri).open("key", 0))
    with pytest.raises(StoreUnavailableError, match="could not be reached or broke off"):
        list(chunks)
    assert CONTENT.startswith(bytes(received))


def test_a_server_that_is_gone_is_named():
    """Nobody listens on the port."""
    with pytest.raises(StoreUnavailableError, match="could not be reached or broke off"):
        list(WebTransport("https://localhost:1/store").open("key", 0))


def test_a_silent_server_is_left(web, monkeypatch):
    """A server that accepts and sends nothing is left after a time."""
    monkeypatch.setattr("model.store.http.READ_TIMEOUT_S", 0.2)

    def stall(handler: QuietHandler, _: bytes) -> None:
        web.released.wait()
        handler.close_connection = True

    web.faults = [stall]
    with pytest.raises(StoreUnavailableError, match=r"sent too little within 0\.2 s"):
        read(web)


def test_a_server_that_does_not_greet_is_left(monkeypatch):
    """The limit holds for the connection and its encryption as well."""
    monkeypatch.setattr("model.store.http.READ_TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        transport = WebTransport(f"https://localhost:{silent.getsockname()[1]}/store")
        with pytest.raises(StoreUnavailableError, match=r"sent too little within 0\.2 s"):
            list(transport.open("key", 0))


def test_a_server_that_falls_silent_in_the_body_is_left(web, monkeypatch):
    """The limit holds for each part of the body as well."""
    monkeypatch.setattr("model.store.http.READ_TIMEOUT_S", 0.2)

    def stall(handler: QuietHandler, _: bytes) -> None:
        handler.answer(200, b"begin", Content_Length="10")
        web.released.wait()
        handler.close_connection = True

    web.faults = [stall]
    with pytest.raises(StoreUnavailableError, match=r"sent too little within 0\.2 s"):
        read(web)


def test_a_redirect_is_followed(web):
    """Web servers may keep files elsewhere."""
    web.files |= {"key": b"", "other": CONTENT}
    web.faults = [redirect("/store/other")]
    assert read(web) == CONTENT


def test_a_redirect_to_a_place_without_encryption_is_refused(web):
    """HTTPS stays HTTPS."""
    web.faults = [redirect("http://localhost/other")]
    with pytest.raises(StoreError, match="redirects to a place without encryption"):
        read(web)


def test_a_web_server_is_not_written(web):
    """HTTPS has no common way to upload."""
    with pytest.raises(StoreError, match="can't be written over HTTPS"):
        WebTransport(web.uri).put("key", b"")


@pytest.mark.parametrize(
    ("beginning", "piece", "count", "pause_s"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nSlow: ", b"x", 100, 0.02, id="now-and-then"),
        pytest.param(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, 10_000, 0, id="no-pause"),
    ],
)
def test_a_head_without_end_is_left(web, monkeypatch, beginning, piece, count, pause_s):
    """Whatever a server sends, its head has to arrive in time."""
    monkeypatch.setattr("model.store.http.READ_TIMEOUT_S", 0.2)

    def draw_out(handler: QuietHandler, _: bytes) -> None:
        handler.wfile.write(beginning)
        for _piece in range(count):
            handler.wfile.write(piece)
            web.released.wait(pause_s)
        handler.wfile.write(b"\r\n" if beginning else b"HTTP/1.1 200 OK\r\n")
        handler.wfile.write(b"Content-Length: 0\r\n\r\n")

    web.faults = [draw_out]
    with pytest.raises(StoreUnavailableError, match=r"sent too little within 0\.2 s"):
        read(web)


def test_a_body_is_yielded_as_it_arrives(web):
    """So the time of a download is checked however slowly its bytes come."""

    def stall(handler: QuietHandler, _: bytes) -> None:
        handler.answer(200, b"begin", Content_Length="10")
        web.released.wait()
        handler.close_connection = True

    web.faults = [stall]
    assert next(WebTransport(web.uri).open("key", 0)) == b"begin"


@pytest.mark.parametrize("location", ["https://[", "https://localhost:99999/", "https://a..b/"])
def test_a_redirect_to_nowhere_is_named(web, location):
    """A location that is no URL ends the request as any other failure does."""
    web.faults = [redirect(location)]
    with pytest.raises(StoreUnavailableError, match="could not be reached or broke off"):
        read(web)


def test_a_redirect_to_a_file_is_refused(web):
    """A server must not have files of this machine read."""
    web.faults = [redirect("file:///etc/passwd")]
    with pytest.raises(StoreError, match="can't be used: the server answers 307"):
        read(web)


def test_a_redirect_without_end_is_refused(web):
    """The number of redirects is bounded."""
    web.faults = [redirect("/store/key")] * 100
    with pytest.raises(StoreError, match="can't be used: the server answers 307"):
        read(web)


def test_a_body_in_impossible_pieces_is_named(web):
    """The length of a piece can't be negative."""

    def answer(handler: QuietHandler, _: bytes) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n")
        handler.close_connection = True

    web.faults = [answer]
    with pytest.raises(StoreUnavailableError, match="could not be reached or broke off"):
        read(web)
