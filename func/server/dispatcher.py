"""Who answers a request: the event loop that read it, or a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING

from waitress.parser import HTTPRequestParser
from waitress.task import ErrorTask, ThreadedTaskDispatcher

from func.messages import JSON
from func.protocols.json_codec import render_json
from func.server.batching import MAX_QUICK_BYTES
from func.server.overload import Refusal

if TYPE_CHECKING:
    from func.server.connection import Channel


class Dispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]
    """Leaves quick requests to the event loop, which read them; gives the others to threads.

    A thread would have to be woken, and only one can run Python code at a time anyway.
    """

    event_loop: int | None = None  # its thread, once it runs

    def __init__(self, is_inline: Callable[[str, str], bool], most_waiting: int) -> None:
        super().__init__()
        self._is_inline = is_inline
        self._most_waiting = most_waiting

    def add_task(self, channel: Channel) -> None:
        """Have a channel's next request answered."""
        request = channel.requests[0]
        if len(self.queue) >= self._most_waiting and not self._is_soon_done(request):
            request.error = Refusal(HTTPStatus.SERVICE_UNAVAILABLE)
        if threading.get_ident() == self.event_loop and self._is_soon_done(request):
            channel.is_due = True
        else:
            super().add_task(channel)

    def _is_soon_done(self, request: HTTPRequestParser) -> bool:
        if request.error:
            return True
        body_bytes = int(request.headers.get("CONTENT_LENGTH", 0))
        return body_bytes <= MAX_QUICK_BYTES and self._is_inline(request.command, request.path)


class RefusalTask(ErrorTask):  # type: ignore[misc]
    """Answers a request that the server itself refuses, in the form of the contract."""

    def execute(self) -> None:
        """Write the answer; waitress's own would quote the request."""
        status = HTTPStatus(self.request.error.code)
        body = render_json({"error": status.phrase})
        self.status = f"{status.value} {status.phrase}"
        self.response_headers.append(("Content-Type", JSON))
        if status is HTTPStatus.SERVICE_UNAVAILABLE:
            self.response_headers.append(("Retry-After", "1"))
        self.content_length = len(body)
        self.set_close_on_finish()
        self.channel.server.telemetry.record_refusal(status)
        self.channel.is_lingering = True
        self.write(body)
