"""Errors of requests, each with the status of its response.

RequestError
├── BadRequestError            400
│   ├── InvalidQueryError          a field is missing or has a wrong type or value
│   └── MalformedEventError        the event violates the CloudEvents specification
├── NotFoundError              404
├── UnauthorizedError          401
│   └── InvalidTokenError          the token of an issuer is not valid
├── MethodNotAllowedError      405
├── TooLargeError              413
├── UnsupportedMediaTypeError  415
│   └── UnsupportedCodingError     the body is compressed in another way than ours
├── UnusableDataError          422: a valid event whose data can't be classified
├── SinkError                      the sink did not take a correction
│   ├── NoSinkError            501
│   ├── SinkRefusedError       502
│   ├── SinkUnavailableError   503
│   └── SinkTimeoutError       504
├── InternalError              500
├── KeysUnavailableError       503
├── OverloadedError            503
└── UnavailableError           503

NotLoadedError                 no response: the request is parsed again later
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import Future

RETRY_LATER = (("Retry-After", "1"),)


class RequestError(Exception):
    """Base of all errors that end a request.

    Attributes:
        message: for the client; it never quotes the request.
        status, headers: of the response.
    """

    message: str
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    headers: Sequence[tuple[str, str]] = ()

    def __init__(self, message: str | None = None) -> None:
        """Take the message; without one, the class must have its own."""
        self.message = message or self.message
        super().__init__(self.message)


class BadRequestError(RequestError):
    """The request violates the contract."""

    status = HTTPStatus.BAD_REQUEST


class InvalidQueryError(BadRequestError):
    """The JSON object lacks a field, or a field has the wrong type or value."""


class MalformedEventError(BadRequestError):
    """The event violates the CloudEvents specification."""


class NotFoundError(RequestError):
    """The path names nothing that exists."""

    status = HTTPStatus.NOT_FOUND


class UnauthorizedError(RequestError):
    """The request has no known token, and the settings require one."""

    message = "Send a known token: 'Authorization: Bearer …'"
    status = HTTPStatus.UNAUTHORIZED
    headers: Sequence[tuple[str, str]] = (("WWW-Authenticate", "Bearer"),)


class InvalidTokenError(UnauthorizedError):
    """The request has a token that is not one of the issuer for this audience, or has expired."""

    # RFC 6750, section 3.1.
    headers = (("WWW-Authenticate", 'Bearer error="invalid_token"'),)


class MethodNotAllowedError(RequestError):
    """The method is not the one that is allowed."""

    status = HTTPStatus.METHOD_NOT_ALLOWED

    def __init__(self, allowed: str = "POST") -> None:
        self.headers = (("Allow", allowed),)
        super().__init__("Method Not Allowed")


class TooLargeError(RequestError):
    """The body, a text or a batch exceeds its limit."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class UnsupportedMediaTypeError(RequestError):
    """The media type, charset or encoding of the body is not supported."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class UnsupportedCodingError(UnsupportedMediaTypeError):
    """The Content-Encoding of the body is not supported."""

    message = "The Content-Encoding must be gzip, deflate, zstd or identity"
    # RFC 9110, section 15.5.16: so the client learns that it is not the media type.
    headers = (("Accept-Encoding", "gzip, deflate, zstd"),)


class UnusableDataError(RequestError):
    """The event is valid, but its data has no text to classify.

    A broker dead-letters a 422 at once: a retry would not help.
    """

    status = HTTPStatus.UNPROCESSABLE_ENTITY


class SinkError(RequestError):
    """The sink did not take a correction; its sender still has it."""


class NoSinkError(SinkError):
    """The settings name no sink."""

    message = "This server has no sink for corrections: K_SINK is not set"
    status = HTTPStatus.NOT_IMPLEMENTED


class SinkRefusedError(SinkError):
    """The sink answered with an error, or with something other than HTTP."""

    message = "The sink did not accept the correction"
    status = HTTPStatus.BAD_GATEWAY


class SinkUnavailableError(SinkError):
    """The sink can't be reached, or as many corrections as are allowed are on their way."""

    message = "The sink is not available; try again later"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    headers = RETRY_LATER


class SinkTimeoutError(SinkError):
    """The sink did not answer in time: it may have the correction or not."""

    message = "The sink did not answer in time; try again later"
    status = HTTPStatus.GATEWAY_TIMEOUT


class InternalError(RequestError):
    """A fault of the function; a broker retries the event."""

    message = "Internal error"


class UnavailableError(RequestError):
    """No model could be loaded; a broker retries the event."""

    message = "The model is not available"
    status = HTTPStatus.SERVICE_UNAVAILABLE


class OverloadedError(RequestError):
    """Too many requests to answer in time; a broker retries the event."""

    message = "Overloaded; try again later"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    headers = RETRY_LATER


class KeysUnavailableError(RequestError):
    """The issuer's keys can't be fetched, so that no token can be verified; a broker retries."""

    message = "The keys of the issuer of tokens are not available; try again later"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    headers = RETRY_LATER


class NotLoadedError(Exception):
    """A part that a request needs is not loaded; parse the request again once a load has ended.

    Attributes:
        load: begins the load unless it has begun, or raises OverloadedError. The future that it
            returns is done when the part is loaded, or is known to be missing or broken; to cancel
            the future drops a load that still waits.
    """

    def __init__(self, load: Callable[[], Future[None]]) -> None:
        self.load = load
        super().__init__("It is not loaded")
