"""The function: it parses requests, predicts for all of them at once, and responds to each."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Sequence
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self

from func.errors import (
    InternalError,
    MethodNotAllowedError,
    NotFoundError,
    NotLoadedError,
    RequestError,
    UnavailableError,
    UnusableDataError,
)
from func.joint_prediction import predict_together
from func.messages import Deferred, Environ, ParsedRequest, Request, Response, finished
from func.models.default_model import load_default_model
from func.models.served_model import ServedModel
from func.negotiation import Negotiation
from func.optional_parts import (
    check_options,
    load_authentication,
    load_cascade,
    load_named_models,
)
from func.protocols.batch_limit import check_batch_size
from func.protocols.cloudevents import Event, Mode, parse_batch, parse_structured
from func.protocols.dialect_routes import DialectRoute, load_dialect
from func.protocols.event_api import EventApi
from func.protocols.json_api import error_response, parse_request
from func.settings import MODEL_NAME, Settings
from model.inference.intent_model import IntentModel
from model.inference.prediction import OUT_OF_SCOPE

if TYPE_CHECKING:
    from func.authentication import Authentication
    from func.fallback.cascade import Cascade
    from func.models.named_models import NamedModels

logger = logging.getLogger(__name__)

INPUTS = b'"inputs"'  # by this field Text Embeddings Inference's requests differ from ours
NAMED_PREDICT = re.compile(r"/models/([^/]+)/predict")


class IntentFunction:
    """Answers requests with a model; safe to call from many threads.

    Attributes:
        model, settings: the default model, and the settings.
        default: the default model as requests find it, which name no other one.
        negotiation: adapts responses to their clients.
        models: the models that requests may name; None for none.
        cascade: answers doubtful texts by another classifier; None for none.
    """

    def __init__(
        self,
        model: IntentModel,
        settings: Settings,
        authentication: Authentication | None = None,
        models: NamedModels | None = None,
        cascade: Cascade | None = None,
    ) -> None:
        """Create the function around its default model; without authentication, all may ask."""
        self.model = model
        self.settings = settings
        self.negotiation = Negotiation(settings)
        self.models, self.cascade = models, cascade
        self._authentication = authentication
        self.default = ServedModel(MODEL_NAME, "", model, 0)
        self._events = EventApi(settings)

    @classmethod
    def load(cls, settings: Settings) -> Self:
        """Load the model that the settings name.

        Raises:
            ArtifactError: the model can't be served.
            SettingsError: a token file, the URL of the fallback, or a bound option can't be used,
                or the issuer's tokens can't be verified.
        """
        authentication = load_authentication(settings)
        models, cascade = load_named_models(settings), load_cascade(settings)
        model = load_default_model(settings)
        check_options(settings, (*model.card.labels, OUT_OF_SCOPE))
        return cls(model, settings, authentication, models, cascade)

    def __call__(self, environ: Environ) -> Response:
        """Answer one request; an error becomes a response."""
        [response] = self.respond([self.parse(environ, waits=True)])
        return response

    def parse(self, environ: Environ, *, waits: bool = False) -> ParsedRequest:
        """Parse a request; never raise: a refused request responds with its error.

        With ``waits``, wait for the load of a model that the request names, instead of returning a
        request that is to be parsed again.
        """
        request = Request.from_environ(environ)
        mode = Mode.of(request.content_type, environ.keys())
        reject = partial(error_response, kind=mode.value) if mode else error_response
        return self._with_encoding(
            _parse_or_reject(reject, self._parse, environ, request, mode, waits=waits)
        )

    def parse_dialect(
        self, dialect: DialectRoute, environ: Environ, *, waits: bool = False
    ) -> ParsedRequest:
        """Parse a request in a dialect, as ``parse`` does."""
        from func.protocols.dialects.request import DialectRequest  # noqa: PLC0415 - see its route

        module = load_dialect(dialect.module)

        def parse() -> ParsedRequest:
            self.authorize(environ, waits=waits)
            request = Request.from_environ(environ)
            method = "GET" if request.method == "HEAD" else request.method
            if dialect.method not in ("", method):
                raise MethodNotAllowedError(dialect.method)
            body = request.read_body(self.settings.max_body_bytes)
            find = partial(self.find_model, waits=waits) if self.models else None
            asked = DialectRequest(
                request.content_type, body, self.settings, self.default, find, dialect.model
            )
            parsed: ParsedRequest = getattr(module, dialect.function)(asked)
            return parsed

        return self._with_encoding(_parse_or_reject(module.reject, parse))

    def respond(self, requests: Sequence[ParsedRequest]) -> list[Response]:
        """Answer parsed requests as ``respond_or_defer`` does, and wait for deferred responses."""
        return [*map(finished, self.respond_or_defer(requests))]

    def respond_or_defer(self, requests: Sequence[ParsedRequest]) -> list[Response | Deferred]:
        """Answer parsed requests, in order, with one prediction for all their utterances.

        A response is deferred if a fallback is to be asked.
        If that prediction fails, each request gets its own, so that one does not fail the others.
        """
        try:
            predictions = predict_together(requests, self.model)
        except Exception:
            if len(requests) > 1:
                logger.exception("A joint prediction failed; each request gets its own")
                return [self.respond_or_defer([request])[0] for request in requests]
            logger.exception("A request failed")
            return [request.reject(InternalError()) for request in requests]
        answers: list[Response | Deferred] = []
        start = 0
        for request in requests:
            end = start + len(request.utterances)
            own = predictions[start:end]
            deferred = None
            if self.cascade and request.may_escalate:
                deferred = self.cascade.defer(request, own, request.model or self.model)
            answers.append(deferred or request.respond(own))
            start = end
        return answers

    def authorize(self, environ: Environ, *, waits: bool) -> None:
        """Check the token of a request if the settings require one.

        Raises:
            UnauthorizedError: the request has no known token.
            KeysUnavailableError: its token can't be verified now.
            NotLoadedError: the keys to verify it are being fetched; only without ``waits``.
        """
        if self._authentication:
            self._authentication.check(environ.get("HTTP_AUTHORIZATION", ""), waits=waits)

    def find_model(self, name: str, *, waits: bool) -> ServedModel:
        """Return a model by its name.

        Raises:
            NotFoundError: there is no such model.
            UnavailableError: it can't be loaded.
            OverloadedError: too many loads wait; only with ``waits``.
            NotLoadedError: it is not loaded; only without ``waits``.
        """
        if self.models is None:
            raise NotFoundError(HTTPStatus.NOT_FOUND.phrase)
        return self.models.wait_for(name) if waits else self.models.find(name)

    def _with_encoding(self, parsed: ParsedRequest) -> ParsedRequest:
        """Return the request with the work of the model's sentence encoder, if it has one."""
        work = (parsed.model or self.model).encoding_work(parsed.utterances)
        return parsed._replace(work=parsed.work + work) if work else parsed

    def _parse(
        self, environ: Environ, request: Request, mode: Mode | None, *, waits: bool
    ) -> ParsedRequest:
        self.authorize(environ, waits=waits)
        if request.method != "POST":
            raise MethodNotAllowedError
        served = self.default
        if self.models and (found := NAMED_PREDICT.fullmatch(environ["PATH_INFO"])):
            served = self.find_model(found[1], waits=waits)
        body = request.read_body(self.settings.max_body_bytes)
        content_type = request.content_type
        match mode:
            case None:
                query = (content_type, body, served.model, self.settings)
                parsed = _parse_inputs(*query) if INPUTS in body else None
                return served.answering(parsed or parse_request(*query))
            case Mode.BATCH:
                return self._parse_batch(content_type, body, served)
            case Mode.STRUCTURED:
                event = parse_structured(content_type, body, self.settings)
            case _:
                headers = request.event_headers().items()
                event = Event.from_binary(headers, content_type or None, body)
        name = event.attributes.get(self.settings.event_model_attribute)
        if name and served is self.default:
            served = self._find_for_event(name, waits=waits)
        return self._events.parse(event, mode, served)

    def _find_for_event(self, name: str, *, waits: bool) -> ServedModel:
        try:
            return self.find_model(name, waits=waits)
        except NotFoundError as error:
            # A broker retries a 404 (see docs/events.md), which would be of no use.
            raise UnusableDataError("No such model") from error

    def _parse_batch(self, content_type: str, body: bytes, served: ServedModel) -> ParsedRequest:
        values = parse_batch(content_type, body, self.settings)
        check_batch_size(len(values), self.settings, "A batch", "events")
        return self._events.parse_batch(values, hashlib.sha256(body).hexdigest(), served)


def _parse_inputs(
    content_type: str, body: bytes, model: IntentModel, settings: Settings
) -> ParsedRequest | None:
    from func.protocols.dialects import text_classification  # noqa: PLC0415 - as above

    return text_classification.parse(content_type, body, model, settings)


def _parse_or_reject(
    reject: Callable[[RequestError], Response],
    parse: Callable[..., ParsedRequest],
    *arguments: Any,
    **options: Any,
) -> ParsedRequest:
    """Return a parsed request; for an error, one whose response is the error's."""
    try:
        return parse(*arguments, **options)
    except RequestError as error:
        response, load = reject(error), None
    except NotLoadedError as error:
        response, load = reject(UnavailableError()), error.load
    except Exception:
        logger.exception("A request failed")
        response, load = reject(InternalError()), None
    return ParsedRequest.with_response(response, reject, load)
