"""A server that a fallback's client asks, and that can fail in the ways of real ones."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.support.stores.servers import QuietHandler, serving
from tests.support.timeouts import TIMEOUT_S


@dataclass(slots=True)
class FallbackServer:
    """A server of System One whose answers tests choose.

    Attributes:
        port: where it listens.
        intent: what it answers.
        status, headers: of its responses.
        body: in place of an answer, unless it is None.
        connections: the client's ports that requests came from.
        tokens: the Authorization of each request.
        asked: the requests.
        may_answer: lets its responses go out; set at first.
        hangs_up: whether it closes a connection after a response that does not say so.
        is_dripping: whether a response begins, and goes on once it may answer.
    """

    port: int = 0
    intent: str = "greeting"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    connections: list[int] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    may_answer: threading.Event = field(default_factory=threading.Event)
    hangs_up: bool = False
    is_dripping: bool = False

    @property
    def url(self) -> str:
        """The URL of System One."""
        return f"http://127.0.0.1:{self.port}/v1/systemone"

    def answer_to(self, request: dict[str, Any]) -> bytes:
        """Return the body of the response."""
        [(name, question)] = request["questions"].items()
        others = 0.1 / max(1, len(question["criteria"]) - 1)
        probabilities = dict.fromkeys(question["criteria"], others) | {self.intent: 0.9}
        answer = {"type": "choice", "choice": self.intent, "probabilities": probabilities}
        return json.dumps({"answers": {name: answer}}).encode()


@contextmanager
def fallback_server() -> Iterator[FallbackServer]:
    """Serve on a free port until the end of the block."""
    server = FallbackServer()
    server.may_answer.set()

    class Handler(QuietHandler):
        def respond(self) -> None:
            server.connections.append(self.client_address[1])
            server.tokens.append(self.headers.get("Authorization"))
            server.asked.append(json.loads(self.body()))
            if server.is_dripping:
                self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            server.may_answer.wait(TIMEOUT_S)
            body = server.answer_to(server.asked[-1]) if server.body is None else server.body
            self.answer(server.status, body, **server.headers)
            self.close_connection = self.close_connection or server.hangs_up

    with serving(Handler) as server.port:
        try:
            yield server
        finally:
            server.may_answer.set()


class FakePoster:
    """Answers requests of a fallback's client without a server.

    Attributes:
        bodies, asked: the bodies of the requests, as sent and decoded.
        headers: their headers.
    """

    def __init__(self, answer: Callable[[dict[str, Any]], Any]) -> None:
        self._answer = answer
        self.bodies: list[bytes] = []
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []

    def post(self, body: bytes, headers: dict[str, str], _: float) -> bytes:
        """Return the answer as JSON."""
        self.bodies.append(body)
        self.asked.append(json.loads(body))
        self.headers.append(headers)
        return json.dumps(self._answer(self.asked[-1])).encode()

    def close(self) -> None:
        """Do nothing: there are no connections."""
