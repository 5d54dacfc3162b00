"""Malformed and odd requests: sent to the server, and through real gateways in front of it."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import Protocol
from urllib.parse import unquote_to_bytes

import pytest

from func.server.request_head import RefusedError
from func.server.request_reader import ReceivedRequest, RequestReader
from tests.support.gateways.envoy import Envoy
from tests.support.gateways.traefik import IMPATIENT, Traefik
from tests.support.malformed_requests import (
    HEALTH,
    MAX_BODY_BYTES,
    MAX_HEADER_BYTES,
    ODD_REQUESTS,
)
from tests.support.servers import build_server, wait_for
from tests.support.timeouts import TIMEOUT_S

STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
Seen = tuple[str, str, int]
numbers = count()


class Gateway(Protocol):
    """The gateway in front of the server."""

    port: int

    def forwarded(self) -> list[Seen]:
        """Return method, target and length of the body of each request that was answered."""


class RecordingServer:
    """A server that records what it takes for requests.

    Attributes:
        port: where it listens.
        received: method, target and length of the body of each request.
        refused: the number of refusals.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.received: list[Seen] = []
        self.refused = 0

    def record(self, request: ReceivedRequest) -> None:
        """Record a request."""
        environ = request.head.environ
        target = environ["PATH_INFO"] + "?" * bool(environ["QUERY_STRING"])
        self.received.append(
            (environ["REQUEST_METHOD"], target + environ["QUERY_STRING"], len(request.body))
        )


@pytest.fixture(scope="module")
def server(small_model) -> Iterator[RecordingServer]:
    """A real server in a thread, whose requests are recorded."""
    running = build_server(
        small_model, max_header_bytes=MAX_HEADER_BYTES, max_body_bytes=MAX_BODY_BYTES
    )
    recorder = RecordingServer(running.port)
    next_request = RequestReader.next_request

    def recording(reader: RequestReader) -> ReceivedRequest | None:
        try:
            request = next_request(reader)
        except RefusedError:
            recorder.refused += 1
            raise
        if request:
            recorder.record(request)
        return request

    thread = threading.Thread(target=running.run)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RequestReader, "next_request", recording)
        thread.start()
        yield recorder
        running.stop()
        thread.join(TIMEOUT_S)


@pytest.fixture(scope="module", params=["envoy", "traefik"])
def gateway(request, server, tmp_path_factory) -> Iterator[Gateway]:
    """A gateway in front of the server."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "envoy":
        with Envoy(folder, server.port) as envoy:
            yield envoy
    else:
        url = f"http://127.0.0.1:{server.port}"
        with Traefik(folder, [url], IMPATIENT) as traefik:
            wait_for(partial(traefik.is_routing_to, [url]))
            yield traefik


def exchange(port: int, sent: bytes) -> bytes:
    """Send bytes; return all that comes back until the other end closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S) as connection:
        received = b""
        try:
            connection.sendall(sent)
            while data := connection.recv(65536):
                received += data
        except ConnectionError:  # a gateway may reset a connection that it refuses
            pass
        return received


def marker_request(marker: str) -> bytes:
    """Encode a request whose response carries the marker."""
    tensor = {"name": "text", "shape": [1], "datatype": "BYTES", "data": ["hello"]}
    body = json.dumps({"id": marker, "inputs": [tensor]}).encode()
    return (
        b"POST /v2/models/intent-classifier/infer?%b HTTP/1.1\r\nHost: test\r\n"
        b"Connection: close\r\nContent-Length: %d\r\n\r\n%b" % (marker.encode(), len(body), body)
    )


@pytest.mark.parametrize("odd", ODD_REQUESTS, ids=lambda odd: odd.name)
def test_server_answers_or_refuses(server, odd):
    """Each gets its statuses, and nothing behind a refusal is taken for a request."""
    received = exchange(server.port, odd.data + HEALTH)

    assert tuple(map(int, STATUS.findall(received))) == odd.statuses


@pytest.mark.parametrize("odd", ODD_REQUESTS, ids=lambda odd: odd.name)
def test_gateway_and_server_agree(gateway, server, odd):
    """Both see the same requests, and the next client gets the response to its own request."""
    marker = f"marker-{next(numbers)}"
    received, refused, forwarded = len(server.received), server.refused, len(gateway.forwarded())
    exchange(gateway.port, odd.data + HEALTH)
    answer = exchange(gateway.port, marker_request(marker))
    wait_for(lambda: any(marker in target for _, target, _ in gateway.forwarded()))

    assert STATUS.findall(answer) == [b"200"]
    assert f'"id":"{marker}"'.encode() in answer
    taken, believed = server.received[received:], gateway.forwarded()[forwarded:]
    assert len(taken) + server.refused - refused == len(believed)
    assert not Counter(taken) - Counter(map(decoded, believed))


def decoded(seen: Seen) -> Seen:
    """Return what a gateway has seen with a decoded path, as the server records it."""
    method, target, body_bytes = seen
    path, mark, query = target.partition("?")
    return method, unquote_to_bytes(path).decode("latin-1") + mark * bool(query) + query, body_bytes
