"""The function: it parses requests, predicts for all of them at once, and responds to each."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

from func.errors import (
    InternalError,
    MethodNotAllowedError,
    RequestError,
    TooLargeError,
    UnauthorizedError,
)
from func.messages import Environ, ParsedRequest, Request, Response
from func.models.default_model import load_default_model
from func.protocols.cloudevents import Event, Mode, parse_batch, parse_structured
from func.protocols.event_api import EventApi
from func.protocols.json_api import error_response, parse_request
from func.settings import Settings
from model.inference.intent_model import IntentModel

if TYPE_CHECKING:
    from func.authentication import BearerTokens

logger = logging.getLogger(__name__)


class IntentFunction:
    """Answers requests with a model; safe to call from many threads."""

    def __init__(
        self, model: IntentModel, settings: Settings, tokens: BearerTokens | None = None
    ) -> None:
        self.model = model
        self.settings = settings
        self._tokens = tokens
        self._events = EventApi(model, settings)

    @classmethod
    def load(cls, settings: Settings) -> Self:
        """Load the model that the settings name.

        Raises:
            ArtifactError: the model can't be served.
            SettingsError: the token file can't be used.
        """
        tokens = _load_tokens(settings.api_token_file) if settings.api_token_file else None
        return cls(load_default_model(settings), settings, tokens)

    def __call__(self, environ: Environ) -> Response:
        """Answer one request; an error becomes a response."""
        [response] = self.respond([self.parse(environ)])
        return response

    def parse(self, environ: Environ) -> ParsedRequest:
        """Parse a request; never raise: a refused request responds with its error."""
        request = Request.from_environ(environ)
        mode = Mode.of(request.content_type, request.has_event_header)
        reject = partial(error_response, kind=mode.value) if mode else error_response
        try:
            return self._parse(environ, request, mode)
        except RequestError as error:
            response = reject(error)
        except Exception:
            logger.exception("A request failed")
            response = reject(InternalError())
        return ParsedRequest(lambda _: response, reject)

    def respond(self, requests: Sequence[ParsedRequest]) -> list[Response]:
        """Answer parsed requests, in order, with one prediction for all their utterances.

        If that prediction fails, each request gets its own, so that one does not fail the others.
        """
        utterances = [utterance for request in requests for utterance in request.utterances]
        try:
            predictions = self.model.predict(
                utterances, top_k=max([request.top_k for request in requests], default=0)
            )
        except Exception:
            if len(requests) > 1:
                logger.exception("A joint prediction failed; each request gets its own")
                return [response for request in requests for response in self.respond([request])]
            logger.exception("A request failed")
            return [request.reject(InternalError()) for request in requests]
        responses, start = [], 0
        for request in requests:
            end = start + len(request.utterances)
            responses.append(request.respond(predictions[start:end]))
            start = end
        return responses

    def authorize(self, environ: Environ) -> None:
        """Check the token of a request if the settings require one.

        Raises:
            UnauthorizedError: the request has no known token.
        """
        if self._tokens and not self._tokens.allow(environ.get("HTTP_AUTHORIZATION", "")):
            raise UnauthorizedError

    def _parse(self, environ: Environ, request: Request, mode: Mode | None) -> ParsedRequest:
        self.authorize(environ)
        if request.method != "POST":
            raise MethodNotAllowedError
        body = request.read_body(self.settings.max_body_bytes)
        content_type = request.content_type
        match mode:
            case None:
                return parse_request(content_type, body, self.model, self.settings)
            case Mode.BATCH:
                return self._parse_batch(content_type, body)
            case Mode.STRUCTURED:
                return self._events.parse(parse_structured(content_type, body, self.settings), mode)
            case _:
                headers = request.event_headers().items()
                event = Event.from_binary(headers, content_type or None, body)
                return self._events.parse(event, mode)

    def _parse_batch(self, content_type: str, body: bytes) -> ParsedRequest:
        values = parse_batch(content_type, body, self.settings)
        if len(values) > self.settings.max_batch_size:
            raise TooLargeError(f"A batch holds at most {self.settings.max_batch_size} events")
        return self._events.parse_batch(values, hashlib.sha256(body).hexdigest())


def _load_tokens(path: Path) -> BearerTokens:
    from func.authentication import BearerTokens  # noqa: PLC0415 - most have a gateway for this

    return BearerTokens.load(path)
