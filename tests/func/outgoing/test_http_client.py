"""The HTTP of a fallback: kept connections, one deadline, and the ways to fail."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from func.outgoing.errors import NoAnswerError
from func.outgoing.http_client import MAX_ANSWER_BYTES, HttpClient
from tests.support.fallbacks.servers import FallbackServer, fallback_server
from tests.support.servers import wait_for
from tests.support.stores.servers import QuietHandler, serving, tls_context
from tests.support.timeouts import TIMEOUT_S

BODY = b'{"questions": {"intent": {"criteria": {"greeting": null}}}}'


@pytest.fixture
def server() -> Iterator[FallbackServer]:
    with fallback_server() as server:
        yield server


@pytest.fixture
def connect() -> Iterator[Callable[[str], HttpClient]]:
    """Return a function that creates clients, whose connections are closed in the end."""
    with ExitStack() as stack:
        yield lambda url: stack.enter_context(closing(HttpClient(url)))


def post(client: HttpClient, *, timeout_s: float = TIMEOUT_S) -> bytes:
    headers = {"Authorization": "Bearer secret"}
    return client.post(BODY, headers, time.monotonic() + timeout_s)


def failure(client: HttpClient, *, timeout_s: float = TIMEOUT_S) -> NoAnswerError:
    with pytest.raises(NoAnswerError) as raised:
        post(client, timeout_s=timeout_s)
    return raised.value


def test_a_connection_serves_several_requests(server, connect):
    """To open one for each text would take longer than many an answer."""
    client = connect(server.url)
    assert b"greeting" in post(client)
    assert b"greeting" in post(client)
    assert server.tokens == ["Bearer secret"] * 2
    assert len(set(server.connections)) == 1


def test_requests_at_once_have_connections_of_their_own(server, connect):
    """A connection carries one request at a time."""
    client = connect(server.url)
    server.may_answer.clear()
    threads = [threading.Thread(target=post, args=(client,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    wait_for(lambda: len(server.asked) == 2)
    server.may_answer.set()
    for thread in threads:
        thread.join(TIMEOUT_S)
    assert len(set(server.connections)) == 2


def test_a_connection_that_the_server_has_closed_is_opened_anew(server, connect):
    """Servers close idle connections, which is no failure."""
    server.hangs_up = True
    client = connect(server.url)
    post(client)
    assert b"greeting" in post(client)
    assert len(set(server.connections)) == 2


def test_a_response_may_end_its_connection(server, connect):
    """The body is read all the same, and the next request opens another one."""
    server.headers = {"Connection": "close"}
    client = connect(server.url)
    assert [b"greeting" in post(client), b"greeting" in post(client)] == [True, True]


def test_silence_ends_at_the_deadline(server, connect):
    """A server that does not answer is given up, and its connection as well."""
    server.may_answer.clear()
    client = connect(server.url)
    assert failure(client, timeout_s=0.05).reason == "timeout"
    server.may_answer.set()
    assert b"greeting" in post(client)


def test_a_slow_response_ends_at_the_deadline(server, connect):
    """The deadline is that of the whole response, whatever has arrived of it."""
    server.may_answer.clear()
    server.is_dripping = True
    assert failure(connect(server.url), timeout_s=0.05).reason == "timeout"


def test_a_response_that_never_pauses_ends_at_the_deadline(connect):
    """A server may send informational responses (RFC 9110, section 15.2), but not for ever."""

    class Informing(QuietHandler):
        def respond(self) -> None:
            for _ in range(10_000):
                self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)
            self.answer(200)

    with serving(Informing) as port:
        client = connect(f"http://127.0.0.1:{port}/")
        assert failure(client, timeout_s=0.05).reason == "timeout"


def test_a_response_to_no_request_answers_none(connect):
    """A gateway that says why it ends an idle connection must not answer the next request."""
    requests: list[bytes] = []
    may_go_on, is_sent = threading.Event(), threading.Event()

    class Adding(QuietHandler):
        def respond(self) -> None:
            requests.append(self.body())
            self.answer(200, b"answer to request %d" % len(requests))
            may_go_on.wait(TIMEOUT_S)
            self.answer(200, b"answer to no request")
            is_sent.set()

    with serving(Adding) as port:
        client = connect(f"http://127.0.0.1:{port}/")
        assert post(client) == b"answer to request 1"
        may_go_on.set()
        assert is_sent.wait(TIMEOUT_S)
        assert post(client) == b"answer to request 2"


@pytest.mark.parametrize("status", [102, 103])
def test_informational_responses_are_no_responses(connect, status):
    """A gateway announces a response long before it: the next request must not get that one."""
    requests: list[bytes] = []

    class Announcing(QuietHandler):
        def respond(self) -> None:
            requests.append(self.body())
            self.send_response_only(status)
            self.end_headers()
            self.wfile.flush()
            self.answer(200, b"answer to request %d" % len(requests))

    with serving(Announcing) as port:
        client = connect(f"http://127.0.0.1:{port}/")
        assert post(client) == b"answer to request 1"
        assert post(client) == b"answer to request 2"


def test_a_server_that_is_down_is_unreachable(connect):
    """Nothing listens on the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert failure(connect(f"http://127.0.0.1:{port}/v1/systemone")).reason == "unreachable"


@pytest.mark.parametrize(
    "answered",
    [
        pytest.param(b"220 mail.example ESMTP\r\n", id="another-protocol"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n", id="negative-chunk"
        ),
    ],
)
def test_what_is_no_http_is_malformed(connect, answered):
    """Another kind of server may answer, or one that is broken."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            with listener.accept()[0] as connection:
                connection.recv(65536)
                connection.sendall(answered)

        thread = threading.Thread(target=answer)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        assert failure(connect(url)).reason == "malformed"
        thread.join(TIMEOUT_S)


@pytest.mark.parametrize(
    ("status", "retry_after", "expected_s"),
    [
        pytest.param(429, "7", 7.0, id="too many"),
        pytest.param(503, "soon", 0.0, id="no number"),
        pytest.param(503, "nan", 0.0, id="not a number"),
        pytest.param(401, "-1", 0.0, id="negative"),
    ],
)
def test_a_status_of_failure_is_a_refusal(server, status, retry_after, expected_s, connect):
    """The error has the pause that the server asks for, in seconds."""
    server.status, server.headers = status, {"Retry-After": retry_after}
    error = failure(connect(server.url))
    assert (error.reason, error.retry_after_s) == ("refused", expected_s)


def test_redirects_are_not_followed(server, connect):
    """The token is for this server alone."""
    server.status, server.headers = 307, {"Location": server.url}
    assert failure(connect(server.url)).reason == "refused"
    assert len(server.asked) == 1


def test_a_large_response_is_not_read(server, connect):
    """A body that is longer than any answer is none."""
    server.body = b" " * (MAX_ANSWER_BYTES + 1)
    assert failure(connect(server.url)).reason == "malformed"


def test_the_query_of_the_url_is_sent(connect):
    """Some servers have the version of their API there."""
    targets = []

    class Handler(QuietHandler):
        def respond(self) -> None:
            self.body()
            targets.append(self.path)
            self.answer(200)

    with serving(Handler) as port:
        post(connect(f"http://127.0.0.1:{port}/chat/completions?api-version=1"))
    assert targets == ["/chat/completions?api-version=1"]


def test_certificates_are_checked(tmp_path, monkeypatch, connect):
    """Only a server whose authority is trusted gets the text."""

    class Handler(QuietHandler):
        def respond(self) -> None:
            self.answer(200, self.body())

    context, authority = tls_context(tmp_path)
    with serving(Handler, context) as port:
        url = f"https://localhost:{port}/v1/systemone"
        assert failure(connect(url)).reason == "unreachable"
        trusting = ssl.create_default_context(cafile=authority)
        monkeypatch.setattr(ssl, "create_default_context", lambda: trusting)
        assert post(connect(url)) == BODY
