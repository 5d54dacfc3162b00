"""A web server of files that can fail in the ways of real ones."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.stores.servers import QuietHandler, serving, tls_context


@dataclass
class WebStore:
    """Files below ``/store/``, and how the server answers requests for them.

    Attributes:
        files: by key.
        requests: the method, path and Range header of each request.
        faults: called in turn, one for each request, instead of the usual answer; each may use the
            handler and the file's content.
        released: ends waits of ``stall``.
        port: the server's.
        authority: the certificate of the authority that signed the server's.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)
    faults: list[Callable[[QuietHandler, bytes], None]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    port: int = 0
    authority: Path = Path()
    knows_ranges: bool = True

    @property
    def uri(self) -> str:
        """The URI of the store."""
        return f"https://localhost:{self.port}/store"

    def answer(self, handler: QuietHandler) -> None:
        """Answer a request."""
        wanted = handler.headers.get("Range")
        self.requests.append((handler.command, handler.path, wanted))
        content = self.files.get(urlsplit(handler.path).path.removeprefix("/store/"))
        if self.faults:
            self.faults.pop(0)(handler, content or b"")
        elif content is None:
            handler.answer(404)
        elif wanted and self.knows_ranges:
            start = int(wanted.removeprefix("bytes=").partition("-")[0])
            span = f"bytes {start}-{len(content) - 1}/{len(content)}"
            handler.answer(206, content[start:], Content_Range=span)
        else:
            handler.answer(200, content)


def status(code: int) -> Callable[[QuietHandler, bytes], None]:
    """Return a fault: the server answers with a status."""
    return lambda handler, _: handler.answer(code)


def truncate(handler: QuietHandler, content: bytes) -> None:
    """Break off in the middle of the body."""
    handler.answer(200, content[: len(content) // 2], Content_Length=str(len(content)))
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


def end_early(handler: QuietHandler, content: bytes) -> None:
    """Send a shorter body than the file, and announce it as whole."""
    handler.answer(200, content[: len(content) // 2])


def corrupt(handler: QuietHandler, content: bytes) -> None:
    """Send other bytes of the same length."""
    handler.answer(200, bytes(len(content)))


def redirect(location: str) -> Callable[[QuietHandler, bytes], None]:
    """Return a fault: the server redirects."""
    return lambda handler, _: handler.answer(307, Location=location)


@contextmanager
def web_store(folder: Path) -> Iterator[WebStore]:
    """Serve files over HTTPS, with a certificate of an authority of its own."""
    store = WebStore()

    class Handler(QuietHandler):
        def respond(self) -> None:
            store.answer(self)

    context, store.authority = tls_context(folder)
    with serving(Handler, context) as store.port:
        yield store
        store.released.set()
