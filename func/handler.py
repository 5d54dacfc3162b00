"""The function: it parses requests, predicts for all of them at once, and responds to each."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
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
from func.negotiation import Negotiation
from func.protocols.cloudevents import Event, Mode, parse_batch, parse_structured
from func.protocols.event_api import EventApi
from func.protocols.json_api import error_response, parse_request
from func.settings import MODEL_NAME, Settings
from model.inference.intent_model import IntentModel
from model.inference.prediction import Prediction, nobody_spoke

if TYPE_CHECKING:
    from func.authentication import BearerTokens

logger = logging.getLogger(__name__)

# The module of each dialect, in func.protocols.dialects, with the function that parses a request.
# It is imported by its first request: most callers speak one dialect.
DIALECTS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("GET", "/v1/models"): ("model_list", "parse"),
    ("POST", "/v1/systemone"): ("system_one", "parse"),
    ("POST", "/v1/decisions"): ("decisions", "parse"),
    ("POST", "/classify"): ("vllm", "parse"),
    ("GET", f"/v1/models/{MODEL_NAME}"): ("kserve_v1", "describe"),
    ("POST", f"/v1/models/{MODEL_NAME}:predict"): ("kserve_v1", "parse"),
}
# Gateways append the path of the request that they ask about, and keep its method.
GATEWAY, GATEWAY_DIALECT = "/gateway/ext-authz", ("gateway", "parse")
INPUTS = b'"inputs"'  # by this field Text Embeddings Inference's requests differ from ours


class IntentFunction:
    """Answers requests with a model; safe to call from many threads.

    Attributes:
        negotiation: adapts responses to their clients.
    """

    def __init__(
        self, model: IntentModel, settings: Settings, tokens: BearerTokens | None = None
    ) -> None:
        self.model = model
        self.settings = settings
        self.negotiation = Negotiation(settings)
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
        model = IntentModel.load(settings.model_path, threshold=settings.intent_threshold)
        return cls(model, settings, tokens)

    def __call__(self, environ: Environ) -> Response:
        """Answer one request; an error becomes a response."""
        [response] = self.respond([self.parse(environ)])
        return response

    def parse(self, environ: Environ) -> ParsedRequest:
        """Parse a request; never raise: a refused request responds with its error."""
        request = Request.from_environ(environ)
        mode = Mode.of(request.content_type, request.has_event_header)
        reject = partial(error_response, kind=mode.value) if mode else error_response
        return _parse_or_reject(partial(self._parse, environ, request, mode), reject)

    def parse_dialect(self, module: str, function: str, environ: Environ) -> ParsedRequest:
        """Parse a request in the dialect of a module; never raise."""
        dialect = import_module(f"func.protocols.dialects.{module}")

        def parse() -> ParsedRequest:
            self.authorize(environ)
            request = Request.from_environ(environ)
            body = request.read_body(self.settings.max_body_bytes)
            parsed: ParsedRequest = getattr(dialect, function)(
                request.content_type, body, self.model, self.settings
            )
            return parsed

        return _parse_or_reject(parse, dialect.reject)

    def respond(self, requests: Sequence[ParsedRequest]) -> list[Response]:
        """Answer parsed requests, in order, with one prediction for all their utterances.

        If that prediction fails, each request gets its own, so that one does not fail the others.
        """
        utterances = [utterance for request in requests for utterance in request.utterances]
        try:
            top_k = max([request.top_k for request in requests], default=0)
            predictions = self._predict(utterances, top_k)
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

    def _predict(self, utterances: Sequence[str], top_k: int) -> Sequence[Prediction]:
        predictions = self.model.predict(utterances, top_k=top_k)
        if "" not in utterances:
            return predictions
        # No text is empty but that of a conversation in which no human spoke.
        silence = nobody_spoke(self.model.card.labels, top_k)
        pairs = zip(utterances, predictions, strict=True)
        return [prediction if utterance else silence for utterance, prediction in pairs]

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
                if INPUTS in body and (parsed := self._parse_inputs(content_type, body)):
                    return parsed
                return parse_request(content_type, body, self.model, self.settings)
            case Mode.BATCH:
                return self._parse_batch(content_type, body)
            case Mode.STRUCTURED:
                return self._events.parse(parse_structured(content_type, body, self.settings), mode)
            case _:
                headers = request.event_headers().items()
                event = Event.from_binary(headers, content_type or None, body)
                return self._events.parse(event, mode)

    def _parse_inputs(self, content_type: str, body: bytes) -> ParsedRequest | None:
        from func.protocols.dialects import text_classification  # noqa: PLC0415 - see DIALECTS

        return text_classification.parse(content_type, body, self.model, self.settings)

    def _parse_batch(self, content_type: str, body: bytes) -> ParsedRequest:
        values = parse_batch(content_type, body, self.settings)
        if len(values) > self.settings.max_batch_size:
            raise TooLargeError(f"A batch holds at most {self.settings.max_batch_size} events")
        return self._events.parse_batch(values, hashlib.sha256(body).hexdigest())


def _parse_or_reject(
    parse: Callable[[], ParsedRequest], reject: Callable[[RequestError], Response]
) -> ParsedRequest:
    """Return a parsed request; for an error, one whose response is the error's."""
    try:
        return parse()
    except RequestError as error:
        response = reject(error)
    except Exception:
        logger.exception("A request failed")
        response = reject(InternalError())
    return ParsedRequest(lambda _: response, reject)


def _load_tokens(path: Path) -> BearerTokens:
    from func.authentication import BearerTokens  # noqa: PLC0415 - most have a gateway for this

    return BearerTokens.load(path)
