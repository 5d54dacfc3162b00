"""The function: a request in, by plain HTTP or as an event, its answer out."""

from __future__ import annotations

import functools
import hashlib
import logging
import os
from http import HTTPStatus
from typing import Any, Self

from flask import Request, Response
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from func import telemetry
from func.cloudevent import BATCH_JSON, STRUCTURED_JSON, Event, Mode, parse_batch, parse_structured
from func.errors import (
    BadRequestError,
    InternalError,
    MethodNotAllowedError,
    RequestError,
    TooLargeError,
    UnavailableError,
    UnsupportedMediaTypeError,
)
from func.events import EventApi
from func.json_api import JSON, MediaType, classify, parse_query, render_json
from func.settings import Settings, SettingsError
from model.errors import ArtifactError
from model.intent_model import IntentModel

logger = logging.getLogger(__name__)


class IntentFunction:
    """Answers requests by a model; safe to call from many threads."""

    def __init__(self, model: IntentModel, settings: Settings) -> None:
        self.model = model
        self._settings = settings
        self._events = EventApi(model, settings)

    @classmethod
    def load(cls, settings: Settings) -> Self:
        """Load the model that the settings name.

        Raises:
            ArtifactError: the model can't be served.
        """
        model = IntentModel.load(settings.model_path, threshold=settings.intent_threshold)
        return cls(model, settings)

    def __call__(self, request: Request) -> Response:
        """Answer a request; whatever goes wrong is answered, too, and never raised."""
        try:
            return self._answer(request)
        except RequestError as error:
            return error_response(error)
        except Exception:
            logger.exception("A request failed")
            return error_response(InternalError())

    def _answer(self, request: Request) -> Response:
        if request.method != "POST":
            raise MethodNotAllowedError
        content_type = request.headers.get("Content-Type", "")
        mode = Mode.of(content_type, request.headers)
        telemetry.note(kind=mode.value if mode else "http")
        body = _read_body(request, self._settings.max_body_bytes)
        match mode:
            case None:
                return self._answer_http(content_type, body)
            case Mode.BATCH:
                values = parse_batch(content_type, body)
                return self._answer_batch(values, hashlib.sha256(body).hexdigest())
            case Mode.STRUCTURED:
                reply = self._answer_event(parse_structured(content_type, body))
                return _no_reply() if reply is None else _structured(reply)
            case _:
                headers = request.headers.items()
                event = Event.from_binary(headers, content_type or None, body)
                reply = self._answer_event(event)
                return _no_reply() if reply is None else _binary(reply)

    def _answer_http(self, content_type: str, body: bytes) -> Response:
        query = parse_query(MediaType.parse(content_type), body, self._settings)
        answers = classify(query, self.model)
        if query.is_batch:
            telemetry.note(utterances=len(answers))
            return json_response({"predictions": answers})
        [answer] = answers
        telemetry.note(intent=answer["intent"], confidence=answer["confidence"])
        return json_response(answer)

    def _answer_event(self, event: Event) -> Event | None:
        reply = self._events.answer(event)
        if reply is not None:
            telemetry.note(intent=reply.data["intent"], confidence=reply.data["confidence"])
        return reply

    def _answer_batch(self, values: list[object], batch_id: str) -> Response:
        if len(values) > self._settings.max_batch_size:
            raise TooLargeError(f"A batch holds at most {self._settings.max_batch_size} events")
        telemetry.note(utterances=len(values))
        replies = self._events.answer_batch(values, batch_id)
        if not replies:
            return _no_reply()
        body = render_json([reply.to_json() for reply in replies])
        return Response(body, content_type=BATCH_JSON)


def main(context: Any) -> Response:
    """Answer a request of the parliament runtime, ``context.request``.

    The model is loaded by the first call: this runtime offers no earlier moment.
    """
    try:
        function = _load_once()
    except (SettingsError, ArtifactError) as error:
        logger.error("%s", error)  # noqa: TRY400 - the text says all; it holds no request
        return error_response(UnavailableError())
    return function(context.request)


def json_response(value: object, status: int = HTTPStatus.OK) -> Response:
    """Answer with JSON."""
    return Response(render_json(value), status, content_type=JSON)


def error_response(error: RequestError) -> Response:
    """Answer with an error."""
    response = json_response({"error": error.message}, error.status)
    response.headers.extend(error.headers)
    return response


@functools.cache
def _load_once() -> IntentFunction:
    return IntentFunction.load(Settings.from_environ(os.environ))


def _read_body(request: Request, max_bytes: int) -> bytes:
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedMediaTypeError("The Content-Encoding must be identity")
    # A stream without announced length is cut at werkzeug's limit without an error: let it be one
    # byte longer than ours.
    request.max_content_length = max_bytes + 1
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge as error:
        raise _too_large(max_bytes) from error
    except HTTPException as error:
        raise BadRequestError("The body ended early") from error
    if len(body) > max_bytes:
        raise _too_large(max_bytes)
    return body


def _too_large(max_bytes: int) -> TooLargeError:
    return TooLargeError(f"The body must have at most {max_bytes} bytes")


def _binary(event: Event) -> Response:
    headers, body = event.to_binary()
    return Response(body, headers=headers)


def _structured(event: Event) -> Response:
    return Response(render_json(event.to_json()), content_type=STRUCTURED_JSON)


def _no_reply() -> Response:
    """Acknowledge without a body: to a broker, a body that is no event would be a failure."""
    return Response(status=HTTPStatus.ACCEPTED)
