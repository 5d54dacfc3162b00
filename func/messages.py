"""HTTP as the function sees it: a request whose body is read, and an answer to be sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, NamedTuple, Self, cast

from func.errors import BadRequestError, TooLargeError

JSON = "application/json"
STATUS_LINES = {status: f"{status.value} {status.phrase}" for status in HTTPStatus}

Environ = Mapping[str, Any]
Headers = Sequence[tuple[str, str]]


class PendingRequest(NamedTuple):
    """A request by POST that waits for its answer.

    Attributes:
        environ: the WSGI environment (PEP 3333), its body included.
        start: when it had come in, by ``time.perf_counter``.
    """

    environ: Environ
    start: float


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be answered.

    Attributes:
        method, content_type, content_encoding: "" for a header that is not there.
    """

    method: str
    content_type: str
    content_encoding: str
    _environ: Environ

    @classmethod
    def from_environ(cls, environ: Environ) -> Self:
        """Take a request from its WSGI environment (PEP 3333)."""
        return cls(
            environ["REQUEST_METHOD"],
            environ.get("CONTENT_TYPE", ""),
            environ.get("HTTP_CONTENT_ENCODING", ""),
            environ,
        )

    def header(self, key: str) -> str | None:
        """Give a header by its key in the WSGI environment; None for one that is not there."""
        value: str | None = self._environ.get(key)
        return value

    def has_event_header(self, attribute: str) -> bool:
        """Tell whether an event's attribute came as a header."""
        return f"HTTP_CE_{attribute.upper()}" in self._environ

    def event_headers(self) -> dict[str, str]:
        """Give the headers of an event by their names in lower case, ``ce-`` included.

        Each byte of a value is one character, as WSGI has it.
        """
        return {
            name[5:].lower().replace("_", "-"): value
            for name, value in self._environ.items()
            if name.startswith("HTTP_CE_")
        }

    def read_body(self, max_bytes: int) -> bytes:
        """Read the body; just once.

        Raises:
            TooLargeError: it is over its limit.
            BadRequestError: it ends early.
        """
        stream = self._environ["wsgi.input"]
        if announced := self._environ.get("CONTENT_LENGTH"):
            length = int(announced)
            if length > max_bytes:
                raise _too_large(max_bytes)
            body: bytes = stream.read(length)
            if len(body) < length:
                raise BadRequestError("The body ended early")
            return body
        # Without a length there is no body, unless the server ends the stream where it ends.
        body = stream.read(max_bytes + 1) if self._environ.get("wsgi.input_terminated") else b""
        if len(body) > max_bytes:
            raise _too_large(max_bytes)
        return body


@dataclass(frozen=True, slots=True)
class Response:
    """What is sent back, and what the log tells of it.

    Attributes:
        content_type: of the body; "" for an answer without one.
        headers: the others, but for Content-Length.
        told: fields for the log, with nothing in them that a user typed.
        predictions: what was predicted, in the form of the JSON contract; for the counters.
        event: of the event that is answered, if it is one, the attributes that are told of.
    """

    body: bytes = b""
    content_type: str = JSON
    status: HTTPStatus = HTTPStatus.OK
    headers: Headers = ()
    log_fields: dict[str, object] = field(default_factory=dict)
    predictions: Sequence[Mapping[str, Any]] = ()
    event: Mapping[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The form of the request: ``http``, or how its event or tensors came."""
        return cast("str", self.log_fields.get("kind", "http"))

    @property
    def all_headers(self) -> list[tuple[str, str]]:
        """The headers as WSGI wants them."""
        headers = [("Content-Length", str(len(self.body))), *self.headers]
        return [("Content-Type", self.content_type), *headers] if self.content_type else headers

    def to_bytes(self, date: str) -> bytes:
        """Write the answer as an HTTP message (RFC 9112) that keeps the connection open."""
        lines = [f"{name}: {value}\r\n" for name, value in self.all_headers]
        head = f"HTTP/1.1 {STATUS_LINES[self.status]}\r\n{''.join(lines)}Date: {date}\r\n\r\n"
        return head.encode("latin-1") + self.body


def _too_large(max_bytes: int) -> TooLargeError:
    return TooLargeError(f"The body must have at most {max_bytes} bytes")
