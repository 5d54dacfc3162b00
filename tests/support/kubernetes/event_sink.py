"""A sink of events that records what it gets."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.support.kubernetes.http_servers import Handler, ThreadedServer
from tests.support.timeouts import TIMEOUT_S


@dataclass(slots=True)
class Sink:
    """A running sink.

    Attributes:
        url: its URL.
        status: of its responses.
        received: the path, the headers and the body of each request.
        answers: whether it answers; until it is set again, it keeps requests waiting.
        has_request: whether a request has arrived.
    """

    url: str = ""
    status: int = 202
    received: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answers: threading.Event = field(default_factory=threading.Event)
    has_request: threading.Event = field(default_factory=threading.Event)


@contextmanager
def running_sink() -> Iterator[Sink]:
    """Run a sink."""
    sink = Sink()
    sink.answers.set()

    class SinkHandler(Handler):
        def do_POST(self) -> None:  # noqa: N802
            headers = {name.lower(): value for name, value in self.headers.items()}
            sink.received.append((self.path, headers, self.read_body()))
            sink.has_request.set()
            sink.answers.wait(TIMEOUT_S)
            self.answer(sink.status, {}, b"")

    server = ThreadedServer(SinkHandler)
    sink.url = f"{server.url}/intent-namespace/intent-broker"
    yield sink
    sink.answers.set()
    server.stop()
