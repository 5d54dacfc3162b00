"""The function: a request in, by plain HTTP or as an event, its answer out."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from func.errors import (
    InternalError,
    MethodNotAllowedError,
    RequestError,
    TooLargeError,
    UnauthorizedError,
    UnsupportedMediaTypeError,
)
from func.messages import Environ, Request, Response
from func.protocols import event_replies
from func.protocols.cloudevents import Event, Mode, parse_batch, parse_structured
from func.protocols.event_api import EventApi
from func.protocols.json_api import MediaType, error_answer, parse_query, render, render_json
from func.protocols.query import Pending, together
from func.settings import Settings
from model.inference.intent_model import IntentModel
from model.inference.prediction import Prediction

if TYPE_CHECKING:
    from func.authentication import BearerTokens

logger = logging.getLogger(__name__)

T = TypeVar("T")


class IntentFunction:
    """Answers requests by a model; safe to call from many threads."""

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
            SettingsError: tokens are asked for, and there are none.
        """
        tokens = _load_tokens(settings.api_token_file) if settings.api_token_file else None
        model = IntentModel.load(settings.model_path, threshold=settings.intent_threshold)
        return cls(model, settings, tokens)

    def __call__(self, environ: Environ) -> Response:
        """Answer a request; whatever goes wrong is answered, too, and never raised."""
        [answer] = self.answer_all([environ])
        return answer

    def answer_all(self, environs: Sequence[Environ]) -> list[Response]:
        """Answer requests, in order, by one prediction for the utterances of them all."""
        understood = [self._understand(environ) for environ in environs]
        answers = iter(self._classify([each for each in understood if isinstance(each, Pending)]))
        return [next(answers) if isinstance(each, Pending) else each for each in understood]

    def authorize(self, environ: Environ) -> None:
        """Let a request pass if nobody or this one carries what it takes.

        Raises:
            UnauthorizedError: it carries no known token, and has to.
        """
        if self._tokens and not self._tokens.allow(environ.get("HTTP_AUTHORIZATION", "")):
            raise UnauthorizedError

    def _understand(self, environ: Environ) -> Pending[Response] | Response:
        request = Request.from_environ(environ)
        mode = Mode.of(request.content_type, request.has_event_header)

        def tell_kind(answer: Response) -> Response:
            answer.log_fields["kind"] = mode.value if mode else "http"
            return answer

        return _settle(lambda: self._read(environ, request, mode), tell_kind)

    def _read(
        self, environ: Environ, request: Request, mode: Mode | None
    ) -> Pending[Response] | Response:
        self.authorize(environ)
        if request.method != "POST":
            raise MethodNotAllowedError
        if request.content_encoding.lower() not in ("", "identity"):
            raise UnsupportedMediaTypeError("The Content-Encoding must be identity")
        body = request.read_body(self.settings.max_body_bytes)
        match mode:
            case None:
                return self._read_http(request.content_type, body)
            case Mode.BATCH:
                values = parse_batch(request.content_type, body, self.settings)
                return self._read_batch(values, hashlib.sha256(body).hexdigest())
            case Mode.STRUCTURED:
                event = parse_structured(request.content_type, body, self.settings)
                return self._read_event(event, event_replies.structured)
            case _:
                headers = request.event_headers().items()
                event = Event.from_binary(headers, request.content_type or None, body)
                return self._read_event(event, event_replies.binary)

    def _read_http(self, content_type: str, body: bytes) -> Pending[Response]:
        query = parse_query(MediaType.parse(content_type), body, self.settings)

        def answer(predictions: Iterable[Prediction]) -> Response:
            answers = render(query, predictions, self.model)
            if query.is_batch:
                log_fields: dict[str, object] = {"utterances": len(answers)}
                return Response(
                    render_json({"predictions": answers}),
                    log_fields=log_fields,
                    predictions=answers,
                )
            [only] = answers
            return Response(
                render_json(only), log_fields=event_replies.log_fields(only), predictions=answers
            )

        return Pending(query.utterances, query.top_k, answer)

    def _read_event(
        self, event: Event, write: Callable[[Event], Response]
    ) -> Pending[Response] | Response:
        def understand() -> Pending[Response] | Response:
            pending = self._events.understand(event)
            return pending.through(lambda make: write(make())) if pending else event_replies.none()

        log_fields = event_replies.logged_attributes(event)
        return _settle(understand, lambda answer: replace(answer, event=log_fields))

    def _read_batch(self, values: list[object], batch_id: str) -> Pending[Response]:
        if len(values) > self.settings.max_batch_size:
            raise TooLargeError(f"A batch holds at most {self.settings.max_batch_size} events")
        pending = self._events.understand_batch(values, batch_id)
        return pending.through(lambda make: event_replies.batch(len(values), make()))

    def _classify(self, pending: Sequence[Pending[Response]]) -> list[Response]:
        if len(pending) > 1:
            try:
                joint = together(pending)
                return joint.answer(self._predictions_of(joint))
            except Exception:
                logger.exception("Requests failed together; each is answered by itself")
        # What fails now is told in the answer.
        return [each.answer(self._predictions_of(each)) for each in pending]

    def _predictions_of(self, pending: Pending[Any]) -> Iterator[Prediction]:
        """Predict once the first prediction is asked for."""
        yield from self.model.predict(pending.utterances, top_k=pending.top_k)


def _load_tokens(path: Path) -> BearerTokens:
    from func.authentication import BearerTokens  # noqa: PLC0415 - most have a gateway for this

    return BearerTokens.load(path)


def _settle(
    make: Callable[[], Pending[Response] | Response], change: Callable[[Response], Response]
) -> Pending[Response] | Response:
    """Have what is made changed, whether it is an answer, a later one, or an error's."""
    made = _made(make)
    if isinstance(made, Pending):
        return made.through(lambda make: change(_made(make)))
    return change(made)


def _made(make: Callable[[], T]) -> T | Response:
    """Give what is made, or tell the error that it ends with."""
    try:
        return make()
    except RequestError as error:
        return error_answer(error)
    except Exception:
        logger.exception("A request failed")
        return error_answer(InternalError())
