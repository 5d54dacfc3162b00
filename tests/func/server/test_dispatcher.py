"""Who answers a request, and what is refused under overload."""

from __future__ import annotations

import threading
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any, cast

import pytest

from func.app import App
from func.messages import Deferred, ParsedRequest, PendingRequest, Response
from func.server import dispatcher as dispatcher_module
from func.server import responses
from func.server.connection import Connection
from func.server.dispatcher import MAX_INLINE_BYTES, MAX_INLINE_US, Dispatcher
from func.server.event_loop import EventLoop
from func.server.request_reader import ReceivedRequest, RequestReader
from func.settings import Settings
from func.telemetry.recorder import Telemetry
from tests.support.raw_requests import PROBE, QUICK, SLOW, receive_responses
from tests.support.servers import connections, send_meanwhile, wait_for
from tests.support.timeouts import TIMEOUT_S

LARGE_BODY = b"x" * (MAX_INLINE_BYTES + 1)
OVERLOADED = b'{"error":"Overloaded; try again later"}'


def test_requests_beyond_the_limit_may_come_again(in_process, connect, hold, caplog):
    """As many as may wait are answered, as many are refused, and their connections stay open."""
    server = in_process(max_waiting=2)
    first, *others = (connect(server) for _ in range(6))
    wait_for(lambda: len(connections(server)) == 6)
    send_meanwhile(hold, first, dict.fromkeys(others, QUICK))
    answers = [client.recv(65536) for client in others]
    refused = [answer for answer in answers if answer.startswith(b"HTTP/1.1 503 ")]

    assert len(refused) == 2
    assert sum(answer.startswith(b"HTTP/1.1 200 ") for answer in answers) == 3
    assert all(b"Retry-After: 1\r\n" in answer and OVERLOADED in answer for answer in refused)
    for client in others:
        client.sendall(QUICK)
        assert b"200 OK" in receive_responses(client, 1)
    server.stop()
    wait_for(lambda: "overloaded" in caplog.messages)
    [record] = (record for record in caplog.records if record.getMessage() == "overloaded")
    assert record.fields == {"status": 503, "refused": 2}


def test_probes_are_answered_under_overload(in_process, connect, hold):
    """A pod under load is not ended for it."""
    server = in_process(max_waiting=1)
    first, *others = (connect(server) for _ in range(4))
    send_meanwhile(hold, first, dict.fromkeys(others, PROBE))

    for client in others:
        assert b"200 OK" in receive_responses(client, 1)


def test_large_requests_that_find_no_thread_are_refused(in_process, connect, hold):
    """While as many wait as may, another one is refused at once."""
    server = in_process(threads=1, max_waiting=1)
    first, second, third = (connect(server) for _ in range(3))
    with hold as is_held:
        first.sendall(SLOW)
        assert is_held.wait(TIMEOUT_S)
        second.sendall(SLOW)
        wait_for(lambda: server.count_in_flight() == 2)
        third.sendall(SLOW)
        refusal = third.recv(65536)

    assert refusal.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After: 1\r\n" in refusal
    assert b"200 OK" in receive_responses(first, 1)
    assert b"200 OK" in receive_responses(second, 1)


def test_requests_that_waited_too_long_are_refused(in_process, connect, clock, hold):
    """No thread works on what nobody waits for; a page of another origin may read why."""
    server = in_process(threads=1, request_timeout_s=1000, cors_origins=("*",))
    first, second = connect(server), connect(server)
    with hold as is_held:
        first.sendall(SLOW)
        assert is_held.wait(TIMEOUT_S)
        second.sendall(SLOW)
        wait_for(lambda: server.count_in_flight() == 2)
        clock.ahead_s += 1001

    assert b"200 OK" in receive_responses(first, 1)
    refusal = second.recv(65536)
    assert refusal.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nAccess-Control-Allow-Origin: *\r\n" in refusal


def test_failures_are_responses(in_process, connect, monkeypatch):
    """A fault of the app becomes a 500 that quotes nothing, in the loop and in threads."""
    server = in_process()

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("marker")

    monkeypatch.setattr(Telemetry, "record_all", fail)
    for request in (QUICK, SLOW):
        client = connect(server)
        client.sendall(request)
        response = client.recv(65536)
        assert response.startswith(b"HTTP/1.1 500 ")
        assert b"marker" not in response


def test_response_that_can_not_be_encoded_ends_one_connection(in_process, connect, monkeypatch):
    """Whoever made it, the event loop goes on."""
    server = in_process()

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("marker")

    with monkeypatch.context() as patch:
        patch.setattr(responses, "encode", fail)
        for request in (QUICK, SLOW):
            client = connect(server)
            client.sendall(request)
            assert client.recv(65536) == b""
    client = connect(server)
    client.sendall(QUICK)

    assert b"200 OK" in receive_responses(client, 1)


class CountingTelemetry:
    """Keeps what the dispatcher records.

    Attributes:
        overloads: the numbers of requests of each record of overload.
        refusals: the statuses of refused requests.
    """

    def __init__(self) -> None:
        self.overloads: list[int] = []
        self.refusals: list[int] = []
        self.record_overload = self.overloads.append
        self.record_refusal = self.refusals.append


def fail() -> Response:
    """Fail as a fault of ours would."""
    raise AssertionError


FAILING = Deferred(fail, fail)


class FakeApp:
    """An app whose requests are as much work as their query says.

    Attributes:
        telemetry: keeps what is recorded.
        threads: the names of the threads that have answered.
        may_go_on: lets the requests to ``/waits`` and ``/doubtful`` go on.
        is_waiting: whether one to ``/doubtful`` has begun to wait.
        model: the load of what ``/page`` needs; it has ended at first.
        awaited: what parsing a path finds not to be loaded, once.
        adapted: the statuses of the responses that were adapted to their clients.
    """

    def __init__(self) -> None:
        self.adapted: list[int] = []
        self.awaited: dict[str, Future[None]] = {}
        self.model: Future[None] = Future()
        self.model.set_result(None)
        self.may_go_on = threading.Event()
        self.is_waiting = threading.Event()
        self.telemetry = CountingTelemetry()
        self.threads: list[str] = []

    def load_of(self, _: Mapping[str, Any]) -> Callable[[], Future[None]] | None:
        """Return what loads the model of ``/page`` until it is loaded."""
        return None if self.model.done() else lambda: self.model

    def is_inline(self, _: str, path: str) -> bool:
        """Return whether the path is not ``/page``."""
        return path != "/page"

    def adapt(self, _: Mapping[str, Any], response: Response) -> Response:
        """Return the response as it is."""
        self.adapted.append(int(response.status))
        return response

    def parse(self, environ: Mapping[str, Any], *, waits: bool = False) -> PendingRequest:  # noqa: ARG002
        """Parse a request."""
        work = int(environ["QUERY_STRING"] or 0)
        awaited = self.awaited.pop(environ["PATH_INFO"], None)
        load = (lambda: awaited) if awaited else None
        parsed = ParsedRequest(
            lambda _: Response(b"{}"), lambda _: Response(), work=work, load=load
        )
        return PendingRequest(environ, 0.0, parsed)

    def respond_or_defer(self, pending: Sequence[PendingRequest]) -> list[Response | Deferred]:
        """Respond to requests: ``/waits`` once it may, ``/doubtful`` later, ``/fails`` never."""
        self.threads.append(threading.current_thread().name)
        paths = {request.environ["PATH_INFO"] for request in pending}
        assert "/fails" not in paths
        assert "/waits" not in paths or self.may_go_on.wait(TIMEOUT_S)
        return [*map(self._answer, pending)]

    def _answer(self, request: PendingRequest) -> Response | Deferred:
        response = request.parsed.respond(())
        deferred = Deferred(
            partial(self._finish, response), lambda: Response(status=HTTPStatus.ACCEPTED)
        )
        path = request.environ["PATH_INFO"]
        return {"/doubtful": deferred, "/doubtful/fails": FAILING}.get(path, response)

    def _finish(self, response: Response) -> Response:
        self.is_waiting.set()
        self.may_go_on.wait(TIMEOUT_S)
        return response

    def __call__(self, _: object, start_response: Any) -> list[bytes]:
        """Answer by WSGI."""
        self.threads.append(threading.current_thread().name)
        start_response("404 Not Found", [])
        return [b"{}"]


@dataclass(eq=False)
class FakeConnection:
    """The parts of a connection that a dispatcher needs."""

    request: ReceivedRequest | None
    respond: Callable[..., None]
    run: Callable[..., None]


class Sent:
    """A dispatcher on its own, and what it sends.

    Attributes:
        app: the app that answers.
        dispatcher: the dispatcher.
        statuses: of all responses.
        finished: what threads want the loop to call.
        connections: those of all requests.
        guarded: the steps that were left to connections, which survive their errors.
    """

    def __init__(self, **settings: Any) -> None:
        self.app = FakeApp()
        self.statuses: list[str] = []
        self.finished: list[Callable[[], None]] = []
        self.connections: list[FakeConnection] = []
        self.guarded: list[str] = []
        self.dispatcher = Dispatcher(cast("App", self.app), Settings(**settings))
        self.dispatcher.loop = cast("EventLoop", SimpleNamespace(call_soon=self.finished.append))

    def send(
        self, *targets: str, method: str = "POST", headers: bytes = b"", body: bytes = b""
    ) -> None:
        """Hand requests over, as connections do."""
        reader = RequestReader(8192, 65536)
        for target in targets:
            length = b"Content-Length: %d" % len(body)
            head = f"{method} {target} HTTP/1.1\r\nHost: a\r\n".encode() + headers + length
            reader.feed(head + b"\r\n\r\n" + body)
            request = reader.next_request()
            assert request
            connection = FakeConnection(
                request=request,
                respond=lambda status, *_: self.statuses.append(status),
                run=self.run,
            )
            self.connections.append(connection)
            self.dispatcher.on_request(cast("Connection", connection), request)

    def run(self, step: Callable[..., None], *arguments: object) -> None:
        """Take a step, as a connection does."""
        self.guarded.append(step.__name__)
        step(*arguments)

    def finish(self, count: int = 1) -> None:
        """Wait until threads have answered, and let the loop take it."""
        wait_for(lambda: len(self.finished) == count)
        while self.finished:
            self.finished.pop(0)()


def test_cheap_requests_wait_for_the_end_of_the_reads():
    """Those that could be read together are answered together, by the loop."""
    sent = Sent()
    sent.send("/predict", "/predict")
    assert sent.statuses == []
    sent.dispatcher.after_reads()

    assert sent.statuses == ["200 OK"] * 2
    assert sent.app.threads == [threading.current_thread().name]


@pytest.mark.parametrize(
    ("method", "target", "body_bytes", "is_inline"),
    [
        pytest.param("POST", "/predict", MAX_INLINE_BYTES, True, id="small"),
        pytest.param("POST", "/predict", MAX_INLINE_BYTES + 1, False, id="large"),
        pytest.param("GET", "/gateway", MAX_INLINE_BYTES + 1, False, id="large-of-a-gateway"),
        pytest.param("POST", f"/predict?{MAX_INLINE_US}", 0, True, id="little-work"),
        pytest.param("POST", f"/predict?{MAX_INLINE_US + 1}", 0, False, id="much-work"),
        pytest.param("POST", "/page", 0, False, id="other-route"),
    ],
)
def test_what_would_hold_up_the_loop_goes_to_threads(method, target, body_bytes, is_inline):
    """Large bodies, whatever the method, much work, and the routes of Flask."""
    sent = Sent()
    sent.send(target, method=method, body=b"x" * body_bytes)
    sent.dispatcher.after_reads()
    sent.finish(count=not is_inline)

    assert len(sent.statuses) == 1
    assert (sent.app.threads == ["worker"]) is not is_inline


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(b"X: %b\r\n" % (b"x" * MAX_INLINE_BYTES), id="large-head"),
        pytest.param(b"Content-Encoding: gzip\r\n", id="compressed"),
        pytest.param(b"Content-Type: Application/CloudEvents-Batch+json\r\n", id="event-batch"),
    ],
)
def test_what_may_be_much_more_than_it_seems_goes_to_threads(headers):
    """Long lists in headers, compressed bodies, and events that a batch rejects one by one."""
    sent = Sent()
    sent.send("/predict", headers=headers)
    sent.finish()

    assert len(sent.statuses) == 1
    assert sent.app.threads == ["worker"]


def test_probes_with_a_large_head_need_no_thread():
    """Cookies of a domain go with them; no thread may be free."""
    sent = Sent()
    sent.send("/health", method="GET", headers=b"Cookie: %b\r\n" % (b"x" * MAX_INLINE_BYTES))
    sent.dispatcher.after_reads()

    assert sent.statuses == ["200 OK"]
    assert sent.app.threads == [threading.current_thread().name]


@pytest.mark.parametrize("method", ["POST", "GET", "PUT"])
def test_bodies_beyond_the_limit_are_refused_whatever_the_method(method):
    """A gateway keeps the method of the request that it asks about; a probe has no body."""
    sent = Sent(max_waiting=1)
    sent.send("/gateway", "/gateway", method=method, body=b"{}")
    sent.send("/health", method="GET")
    sent.dispatcher.after_reads()

    assert sent.statuses == ["503 Service Unavailable", "200 OK", "200 OK"]


def test_accepted_requests_are_counted_in_each_iteration():
    """Beyond the limit predictions are refused, and probes answered."""
    sent = Sent(max_waiting=2)
    sent.send("/predict", "/predict", "/predict")
    assert sent.statuses == ["503 Service Unavailable"]
    sent.send("/health", method="GET")
    sent.dispatcher.after_reads()
    sent.send("/predict")
    sent.dispatcher.after_reads()

    assert sent.statuses == ["503 Service Unavailable", *["200 OK"] * 4]


def test_refusals_are_recorded_once():
    """Their number since the last record; none if there were none."""
    sent = Sent(max_waiting=1)
    sent.send("/predict", "/predict", "/predict")
    for _ in range(2):
        sent.dispatcher.record_refused()

    assert sent.app.telemetry.overloads == [2]


def test_fault_of_a_thread_is_a_response(caplog):
    """It quotes nothing, and is logged."""
    sent = Sent()
    sent.send(f"/fails?{MAX_INLINE_US + 1}")
    sent.finish()

    assert sent.statuses == ["500 Internal Server Error"]
    assert caplog.messages == ["A request failed"]


def test_fault_of_a_batch_is_a_response():
    """To each of its requests."""
    sent = Sent()
    sent.send("/predict", "/fails")
    sent.dispatcher.after_reads()

    assert sent.statuses == ["500 Internal Server Error"] * 2


def test_request_that_has_waited_too_long_is_refused(clock):
    """Nobody waits for it any more; the refusal is recorded."""
    sent = Sent(threads=1, request_timeout_s=30)
    sent.send(f"/waits?{MAX_INLINE_US + 1}", f"/predict?{MAX_INLINE_US + 1}")
    wait_for(lambda: sent.app.threads)
    clock.ahead_s += 31
    sent.app.may_go_on.set()
    sent.finish(count=2)

    assert sent.statuses == ["200 OK", "503 Service Unavailable"]
    assert sent.app.telemetry.refusals == [503]


@pytest.mark.parametrize(
    "target",
    [
        pytest.param("/page", id="whole"),
        pytest.param(f"/predict?{MAX_INLINE_US + 1}", id="parsed"),
    ],
)
def test_waiting_request_whose_client_has_gone_is_dropped(target):
    """No thread works on it, and the next one is answered."""
    sent = Sent(threads=1)
    sent.send(f"/waits?{MAX_INLINE_US + 1}")
    wait_for(lambda: sent.app.threads)
    sent.send(target, "/page")
    sent.connections[1].request = None
    sent.app.may_go_on.set()
    sent.finish(count=3)

    assert sent.statuses == ["200 OK", "404 Not Found"]
    assert len(sent.app.threads) == 2


def test_requests_of_clients_that_have_gone_hold_no_memory():
    """They may wait for a thread or for their model: nobody counts their bodies any more."""
    sent = Sent(threads=1)
    sent.send(f"/waits?{MAX_INLINE_US + 1}")
    wait_for(lambda: sent.app.threads)
    tracemalloc.start()
    sent.send(*["/page"] * 10, body=b"x" * 60_000)
    sent.app.model = Future()
    sent.send(*["/page"] * 10, body=b"x" * 60_000)
    for connection in sent.connections:
        connection.request = None
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    sent.app.may_go_on.set()

    assert held < 200_000


def test_requests_wait_for_their_model_without_a_thread():
    """As many as may wait; a client that goes leaves its place to another one."""
    sent = Sent(max_waiting=2)
    model = sent.app.model = Future()
    sent.send("/page", "/page", "/page")
    assert sent.statuses == ["503 Service Unavailable"]
    assert not sent.app.threads
    assert not sent.finished
    sent.dispatcher.on_close(cast("Connection", sent.connections[0]))
    sent.send("/page")
    model.set_result(None)
    sent.finished.pop()()
    sent.finish(count=2)

    assert sent.statuses == ["503 Service Unavailable", *["404 Not Found"] * 2]
    assert sent.guarded == ["on_request"] * 2


def test_request_whose_body_names_a_model_waits_for_it():
    """It is parsed again once the model is loaded."""
    sent = Sent()
    model = sent.app.awaited["/predict"] = Future()
    sent.send("/predict")
    sent.dispatcher.after_reads()
    assert sent.statuses == []
    model.set_result(None)
    sent.finish()
    sent.dispatcher.after_reads()

    assert sent.statuses == ["200 OK"]


def test_no_thread_waits_for_the_model_that_a_large_body_names():
    """The thread takes the next request; the first one is parsed again after the load."""
    sent = Sent(threads=1)
    model = sent.app.awaited["/predict"] = Future()
    sent.send("/predict", body=LARGE_BODY)
    sent.finish()
    sent.send("/page")
    sent.finish()
    assert sent.statuses == ["404 Not Found"]
    model.set_result(None)
    sent.finished.pop()()
    sent.finish()

    assert sent.statuses == ["404 Not Found", "200 OK"]


def test_client_that_goes_while_its_large_body_is_parsed_waits_for_no_model():
    """Its place is another one's."""
    sent = Sent(max_waiting=1)
    sent.app.awaited |= {path: Future() for path in ("/predict", "/classify")}
    sent.send("/predict", body=LARGE_BODY)
    wait_for(lambda: sent.finished)
    sent.connections[0].request = None
    sent.finish()
    sent.send("/classify")

    assert sent.statuses == []


def test_large_requests_wait_in_a_bounded_queue():
    """Beyond it they are refused at once."""
    sent = Sent(threads=1, max_waiting=1)
    sent.send(f"/waits?{MAX_INLINE_US + 1}")
    wait_for(lambda: sent.app.threads)
    sent.send("/page", "/page")
    assert sent.statuses == ["503 Service Unavailable"]
    sent.app.may_go_on.set()
    sent.finish(count=2)

    assert sent.statuses == ["503 Service Unavailable", "200 OK", "404 Not Found"]


def test_responses_of_threads_are_bounded_until_the_loop_takes_them(monkeypatch):
    """While the loop is busy, threads that have finished hold few responses; one always may."""
    monkeypatch.setattr(dispatcher_module, "MAX_FINISHED_BYTES", 1)
    sent = Sent()
    sent.send("/page", "/page")
    sent.finish(count=2)
    sent.send("/page")
    sent.finish()

    assert sorted(sent.statuses) == ["404 Not Found", "404 Not Found", "503 Service Unavailable"]
    assert sent.app.adapted == [503]


def test_deferred_responses_do_not_hold_up_the_others():
    """The loop sends what it has; threads of their own wait for the rest."""
    sent = Sent(threads=1)
    sent.send("/doubtful", "/predict")
    sent.dispatcher.after_reads()
    assert sent.statuses == ["200 OK"]
    sent.send("/page")
    sent.finish()
    assert sent.statuses == ["200 OK", "404 Not Found"]
    sent.app.may_go_on.set()
    sent.finish()

    assert sent.statuses == ["200 OK", "404 Not Found", "200 OK"]


@pytest.mark.parametrize(
    ("target", "body"),
    [
        pytest.param(f"/doubtful?{MAX_INLINE_US + 1}", b"", id="much work"),
        pytest.param("/doubtful", LARGE_BODY, id="large"),
    ],
)
def test_a_thread_does_not_wait_for_a_deferred_response(target, body):
    """It takes the next request; another one waits."""
    sent = Sent(threads=1)
    sent.send(target, body=body)
    sent.finish()
    sent.send("/page")
    sent.finish()
    assert sent.statuses == ["404 Not Found"]
    sent.app.may_go_on.set()
    sent.finish()

    assert sent.statuses == ["404 Not Found", "200 OK"]


def test_only_so_many_requests_wait_for_the_fallback():
    """Beyond the limit, they are answered without it at once."""
    sent = Sent(fallback_max_in_flight=1)
    sent.send("/doubtful")
    sent.dispatcher.after_reads()
    assert sent.app.is_waiting.wait(TIMEOUT_S)
    sent.send("/doubtful", "/doubtful")
    sent.dispatcher.after_reads()
    assert sent.statuses == ["202 Accepted"]
    sent.app.may_go_on.set()
    sent.finish(count=2)

    assert sent.statuses == ["202 Accepted", "200 OK", "200 OK"]


def test_fault_of_a_deferred_response_is_a_response(caplog):
    """Its client does not wait for ever."""
    sent = Sent()
    sent.send("/doubtful/fails")
    sent.dispatcher.after_reads()
    sent.finish()

    assert sent.statuses == ["500 Internal Server Error"]
    assert caplog.messages == ["A request failed"]
