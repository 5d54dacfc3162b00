"""How a Knative broker handles a response, according to its documentation.

It retries after connection errors, 5xx, 404, 408, 409 and 429; other 3xx and 4xx send the event to
the dead-letter sink. 2xx without a body is an acknowledgement, 2xx with an event a reply. 2xx with
any other body is a failure, which is retried.
"""

from __future__ import annotations

import http.client
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from func.protocols.cloudevents import Mode
from tests.support.timeouts import TIMEOUT_S

TRIED_AGAIN = frozenset((404, 408, 409, 429))
REPLY, ACKNOWLEDGED, DEAD_LETTER = "routes the reply", "is done with it", "dead-letters it"
NO_CONNECTION = "no answer"


@dataclass(frozen=True, slots=True)
class Delivery:
    """Result of a delivery.

    Attributes:
        answers: the status of each attempt; a text if there was no response.
        outcome: how the delivery ended.
        reply_id: id of the reply, if any.
    """

    answers: tuple[object, ...]
    outcome: str
    reply_id: str | None = None


class Broker:
    """Delivers events to a local port, as a Trigger with two retries does."""

    def __init__(self, port: int, before_retry: Callable[[], object] = lambda: None) -> None:
        self._port = port
        self._before_retry = before_retry

    def deliver(self, headers: Mapping[str, str], body: bytes, tries: int = 3) -> Delivery:
        """Deliver an event until it is accepted or no retry is left."""
        answers: list[object] = []
        for number in range(tries):
            if number:
                self._before_retry()
            status, reply_headers, content = self._post(headers, body)
            answers.append(status)
            outcome = _outcome(status, reply_headers, content)
            if outcome:
                return Delivery(tuple(answers), outcome, reply_headers.get("ce-id"))
        return Delivery(tuple(answers), DEAD_LETTER)

    def _post(
        self, headers: Mapping[str, str], body: bytes
    ) -> tuple[object, Mapping[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_S)
        try:
            connection.request("POST", "/", body, dict(headers))
            response = connection.getresponse()
            content = response.read()
        except OSError:
            return NO_CONNECTION, {}, b""
        finally:
            connection.close()
        fields = {name.lower(): value for name, value in response.getheaders()}
        return response.status, fields, content


def _outcome(status: object, headers: Mapping[str, str], content: bytes) -> str | None:
    """Return the broker's outcome for a response; None to retry."""
    if not isinstance(status, int) or status >= 500 or status in TRIED_AGAIN:
        return None
    if status >= 300:
        return DEAD_LETTER
    if not content:
        return ACKNOWLEDGED
    keys = {f"HTTP_{name.upper().replace('-', '_')}" for name in headers}
    mode = Mode.of(headers.get("content-type", ""), keys)
    return REPLY if mode else None
