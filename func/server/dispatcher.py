"""Decides what answers a request: the event loop, in a batch, or a thread."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from func.app import App
from func.errors import NotLoadedError, OverloadedError
from func.messages import Deferred, PendingRequest, Response
from func.protocols.cloudevents import BATCH
from func.protocols.json_api import error_response
from func.server.awaited_loads import AwaitedLoads
from func.server.batching import Batch
from func.server.connection import Connection
from func.server.event_loop import EventLoop
from func.server.request_reader import ReceivedRequest
from func.server.responses import FAILED, Message, call_wsgi, message_of, or_failed
from func.server.worker_pool import WorkerPool
from func.settings import Settings

if TYPE_CHECKING:
    from concurrent.futures import Future

logger = logging.getLogger(__name__)

Responder = Callable[[ReceivedRequest], Message | Deferred]

MAX_INLINE_BYTES = 4 * 1024  # of a head or a body: a thread parses larger ones
# Of a request's estimated work; a thread answers more, since a probe may have to wait for all that
# one iteration accepts. A text of 300 characters takes less, and gains from a batch; larger
# requests would hardly gain.
MAX_INLINE_US = 350
MAX_FINISHED_BYTES = 4 * 1024 * 1024
REFUSAL = error_response(OverloadedError())


class Dispatcher:
    """Answers what is cheap in the event loop and leaves the rest to threads.

    A thread would have to be woken, and only one can run Python code at a time anyway. When more
    requests arrive at once than may wait, further predictions are refused; probes never are.
    """

    def __init__(self, app: App, settings: Settings) -> None:
        self._accepted = 0  # in this iteration of the loop
        self._app, self._settings = app, settings
        self._pool = WorkerPool(settings.threads, settings.max_waiting)
        # Threads of their own: waiting for another server must not hold up large requests.
        waiting = settings.fallback_max_in_flight
        self._waiting_pool = WorkerPool(waiting, waiting)
        self._batch = Batch(app.respond_or_defer, self._send_or_defer)
        self._refused = 0
        self._awaited: AwaitedLoads[Connection] = AwaitedLoads(settings.max_waiting, self._on_load)
        self._lock = threading.Lock()
        self._finished_bytes = 0  # of responses that threads have made, and the loop has not taken
        self.loop: EventLoop

    def on_request(self, connection: Connection, request: ReceivedRequest) -> None:
        """Have a request answered."""
        environ = request.head.environ
        method = environ["REQUEST_METHOD"]
        is_inline = self._app.is_inline(method, environ["PATH_INFO"])
        # A gateway asks about requests of any method. A probe has no body.
        may_predict = method == "POST" or bool(request.body)
        if not is_inline and (load := self._app.load_of(environ)):
            self._answer_after(load, connection)
        elif not is_inline or (may_predict and _may_take_long(request)):
            self._submit(connection, self._call_app)
        elif may_predict and self.is_over_limit():
            self._refuse(connection)
        else:
            self._accepted += 1
            pending = self._app.parse(request.environ())
            if pending.parsed.load:
                self._answer_after(pending.parsed.load, connection)
            else:
                self._answer_soon(connection, pending)

    def on_close(self, connection: Connection) -> None:
        """Stop waiting for a load on behalf of a client that has gone."""
        self._awaited.leave(connection)

    def is_over_limit(self) -> bool:
        """Return whether this iteration has accepted as many requests as may wait."""
        return self._accepted >= self._settings.max_waiting

    def after_reads(self) -> None:
        """Answer what this iteration has read."""
        self._batch.flush()
        self._accepted = 0

    def record_refused(self) -> None:
        """Record how many requests were refused since the last call."""
        if self._refused:
            self._app.telemetry.record_overload(self._refused)
            self._refused = 0

    def _answer_after(self, load: Callable[[], Future[None]], connection: Connection) -> None:
        """Have a request answered once a model is loaded; no thread waits for that."""
        if not self._awaited.add(connection, load):
            self._refuse(connection)

    def _on_load(self, loading: Future[None]) -> None:
        self.loop.call_soon(partial(self._go_on_after, loading))

    def _go_on_after(self, loading: Future[None]) -> None:
        for connection in self._awaited.pop(loading):
            connection.run(self.on_request, connection, connection.request)

    def _answer_soon(self, connection: Connection, pending: PendingRequest) -> None:
        if pending.parsed.work > MAX_INLINE_US:
            self._submit(connection, lambda _: self._respond(pending))
        else:
            self._batch.add(connection, pending)

    def _submit(self, connection: Connection, respond: Responder) -> None:
        """Have a thread answer a connection's request, unless its client goes meanwhile.

        Only the connection refers to the received bytes, so that clients that vanish fill neither
        the memory nor the time of the threads.
        """
        task = partial(self._answer_in_thread, connection, respond, time.monotonic())
        if not self._pool.submit(task):
            self._refuse(connection)

    def _refuse(self, connection: Connection) -> None:
        self._refused += 1
        connection.respond(*self._refusal(connection))

    def _refusal(self, connection: Connection) -> Message:
        request = connection.request
        return message_of(self._app.adapt(request.head.environ if request else {}, REFUSAL))

    def _answer_in_thread(self, connection: Connection, respond: Responder, since: float) -> None:
        request = connection.request
        if request is None:
            self.loop.call_soon(self._pool.finish)
            return
        if time.monotonic() - since > self._settings.request_timeout_s:
            # Its client has given up.
            self._app.telemetry.record_refusal(HTTPStatus.SERVICE_UNAVAILABLE)
            message: Message | Deferred = self._refusal(connection)
        else:
            try:
                message = or_failed(partial(respond, request))
            except NotLoadedError as error:
                self.loop.call_soon(partial(self._await_unfinished, connection, error.load))
                return
        if isinstance(message, Deferred):
            self.loop.call_soon(partial(self._defer_unfinished, connection, message))
        else:
            self._deliver(self._pool, connection, message)

    def _defer_unfinished(self, connection: Connection, deferred: Deferred) -> None:
        self._pool.finish()
        self._send_or_defer(connection, deferred)

    def _await_unfinished(self, connection: Connection, load: Callable[[], Future[None]]) -> None:
        self._pool.finish()
        if connection.request:  # otherwise its client has gone
            self._answer_after(load, connection)

    def _send_or_defer(self, connection: Connection, answer: Response | Deferred | None) -> None:
        if not isinstance(answer, Deferred):
            _send(connection, answer)
        elif not self._waiting_pool.submit(partial(self._wait_in_thread, connection, answer)):
            _send(connection, answer.decline())

    def _wait_in_thread(self, connection: Connection, deferred: Deferred) -> None:
        message = or_failed(lambda: message_of(deferred.finish()))
        self._deliver(self._waiting_pool, connection, message)

    def _deliver(self, pool: WorkerPool, connection: Connection, message: Message) -> None:
        with self._lock:
            if self._finished_bytes and self._finished_bytes + len(message[2]) > MAX_FINISHED_BYTES:
                message = self._refusal(connection)
            self._finished_bytes += len(message[2])
        self.loop.call_soon(partial(self._finish, pool, connection, message))

    def _finish(self, pool: WorkerPool, connection: Connection, message: Message) -> None:
        pool.finish()
        with self._lock:
            self._finished_bytes -= len(message[2])
        connection.respond(*message)

    def _respond(self, pending: PendingRequest) -> Message | Deferred:
        [answer] = self._app.respond_or_defer([pending])
        return answer if isinstance(answer, Deferred) else message_of(answer)

    def _call_app(self, request: ReceivedRequest) -> Message | Deferred:
        environ = request.environ()
        if self._app.is_inline(environ["REQUEST_METHOD"], environ["PATH_INFO"]):
            pending = self._app.parse(environ)
            if pending.parsed.load:
                raise NotLoadedError(pending.parsed.load)
            return self._respond(pending)
        return call_wsgi(self._app, environ)


def _may_take_long(request: ReceivedRequest) -> bool:
    """Return whether it may take long to parse a request, whatever it asks for.

    A small compressed body can become a large one, and a small batch can hold hundreds of events
    to reject.
    """
    environ = request.head.environ
    return (
        max(request.head_bytes, len(request.body)) > MAX_INLINE_BYTES
        or "HTTP_CONTENT_ENCODING" in environ
        or environ.get("CONTENT_TYPE", "").lower().startswith(BATCH)
    )


def _send(connection: Connection, response: Response | None) -> None:
    connection.respond(*(message_of(response) if response else FAILED))
