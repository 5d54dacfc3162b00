"""Errors that a request can meet, each with the status that it is answered with.

RequestError
├── BadRequestError            400
│   ├── InvalidQueryError          the JSON object does not say what to classify
│   └── MalformedEventError        not an event by the CloudEvents specification
├── NotFoundError              404
├── UnauthorizedError          401
├── MethodNotAllowedError      405
├── TooLargeError              413
├── UnsupportedMediaTypeError  415
├── UnusableDataError          422: a sound event whose data can't be classified
├── InternalError              500
├── OverloadedError            503
└── UnavailableError           503
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import ClassVar


class RequestError(Exception):
    """Base of all errors of this package that end a request.

    Attributes:
        message: for the client; never holds anything that the client sent.
        status, headers: of the answer.
    """

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    headers: ClassVar[Mapping[str, str]] = {}

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)


class BadRequestError(RequestError):
    """The request is not what the contract asks for."""

    status = HTTPStatus.BAD_REQUEST


class InvalidQueryError(BadRequestError):
    """The JSON object lacks a field, or a field has the wrong type or value."""


class MalformedEventError(BadRequestError):
    """What calls itself an event breaks the CloudEvents specification."""


class NotFoundError(RequestError):
    """What the path names does not exist."""

    status = HTTPStatus.NOT_FOUND


class UnauthorizedError(RequestError):
    """A token is asked for, and the request carries none that is known."""

    status = HTTPStatus.UNAUTHORIZED
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": "Bearer"}

    def __init__(self) -> None:
        super().__init__("Send a known token: 'Authorization: Bearer …'")


class MethodNotAllowedError(RequestError):
    """Utterances are sent with POST."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    headers: ClassVar[Mapping[str, str]] = {"Allow": "POST"}

    def __init__(self) -> None:
        super().__init__("Method Not Allowed")


class TooLargeError(RequestError):
    """The body, a text or a batch is over its limit."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class UnsupportedMediaTypeError(RequestError):
    """The body is in a form that is not understood."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class UnusableDataError(RequestError):
    """The event is sound, but its data holds nothing that can be classified.

    422 goes straight to the dead-letter sink: trying again would not help.
    """

    status = HTTPStatus.UNPROCESSABLE_ENTITY


class InternalError(RequestError):
    """A fault of ours; a broker tries the event again."""

    def __init__(self) -> None:
        super().__init__("Internal error")


class UnavailableError(RequestError):
    """No model could be loaded; a broker tries the event again."""

    status = HTTPStatus.SERVICE_UNAVAILABLE

    def __init__(self) -> None:
        super().__init__("The model is not available")


class OverloadedError(RequestError):
    """More requests came in than can be answered in time; a broker tries the event again."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "1"}

    def __init__(self) -> None:
        super().__init__("Overloaded; try again later")
