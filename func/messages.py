"""HTTP as the function sees it: requests with their bodies, and the responses to them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

from func.errors import BadRequestError, InternalError, RequestError, TooLargeError
from model.inference.model_card import ModelCard
from model.inference.prediction import Prediction

if TYPE_CHECKING:
    from concurrent.futures import Future

logger = logging.getLogger(__name__)

JSON = "application/json"
LOGGED_OF_PREDICTION = ("intent", "confidence", "answered_by")
STATUS_LINES = {status: f"{status.value} {status.phrase}" for status in HTTPStatus}

Environ = Mapping[str, Any]
Headers = Sequence[tuple[str, str]]


class Request(NamedTuple):
    """A request as it came in.

    Attributes:
        method, content_type, content_encoding: "" for an absent header.
    """

    method: str
    content_type: str
    content_encoding: str
    environ: Environ

    @classmethod
    def from_environ(cls, environ: Environ) -> Self:
        """Return the request of a WSGI environment (PEP 3333)."""
        return cls(
            environ["REQUEST_METHOD"],
            environ.get("CONTENT_TYPE", ""),
            environ.get("HTTP_CONTENT_ENCODING", ""),
            environ,
        )

    def event_headers(self) -> dict[str, str]:
        """Return the headers of an event by their lower-case names, ``ce-`` included.

        Each character of a value stands for one byte (PEP 3333).
        """
        return {
            name[5:].lower().replace("_", "-"): value
            for name, value in self.environ.items()
            if name.startswith("HTTP_CE_")
        }

    def read_body(self, max_bytes: int) -> bytes:
        """Read the body, which works once, and decompress it.

        Raises:
            UnsupportedCodingError: it is compressed in an unsupported way.
            TooLargeError: it exceeds the limit, as sent or decompressed.
            BadRequestError: it ends early, or is not valid in its coding.
        """
        body = self._read_body(max_bytes)
        if self.content_encoding.lower() in ("", "identity"):
            return body
        from func.compression import decompress  # noqa: PLC0415 - most requests are plain

        return decompress(body, self.content_encoding, max_bytes)

    def _read_body(self, max_bytes: int) -> bytes:
        stream = self.environ["wsgi.input"]
        if announced := self.environ.get("CONTENT_LENGTH"):
            length = int(announced)
            if length > max_bytes:
                raise _too_large(max_bytes)
            body: bytes = stream.read(length)
            if len(body) < length:
                raise BadRequestError("The body ended early")
            return body
        # Without a length there is no body, unless the server ends the stream where the body ends.
        body = stream.read(max_bytes + 1) if self.environ.get("wsgi.input_terminated") else b""
        if len(body) > max_bytes:
            raise _too_large(max_bytes)
        return body


class Outcome(NamedTuple):
    """The facts about a response that logs, metrics and traces record.

    None of it is text that a user typed.

    Attributes:
        kind: the form of the request: ``http``, or how its event or tensors came.
        predictions: in the form of the JSON contract.
        batch_size: the number of utterances or events of a batch; None for a single one.
        event: the recorded attributes of the request's event.
        model, model_version: of the model that a request named; "" for the default model.
    """

    kind: str = "http"
    predictions: Sequence[Mapping[str, Any]] = ()
    batch_size: int | None = None
    event: Mapping[str, str] = MappingProxyType({})
    model: str = ""
    model_version: str = ""

    def log_fields(self) -> dict[str, object]:
        """Return the fields of the log line."""
        fields: dict[str, object] = {}
        if self.batch_size is not None:
            fields["utterances"] = self.batch_size
        elif self.predictions:
            [single] = self.predictions
            fields |= {name: single[name] for name in LOGGED_OF_PREDICTION if name in single}
        fields["kind"] = self.kind
        if self.model:
            fields |= {"model": self.model, "model_version": self.model_version}
        return fields


class Response(NamedTuple):
    """A response to be sent.

    Attributes:
        content_type: "" for a response without a body.
        headers: all but Content-Type and Content-Length.
    """

    body: bytes = b""
    content_type: str = JSON
    status: HTTPStatus = HTTPStatus.OK
    headers: Headers = ()
    outcome: Outcome = Outcome()

    @property
    def all_headers(self) -> list[tuple[str, str]]:
        """The headers as WSGI expects them."""
        # RFC 9110, section 8.6: a 204 has no Content-Length.
        has_length = self.status is not HTTPStatus.NO_CONTENT
        length = [("Content-Length", str(len(self.body)))] if has_length else []
        headers = [*length, *self.headers]
        return [("Content-Type", self.content_type), *headers] if self.content_type else headers


class Predictor(Protocol):
    """A model, as far as requests need it."""

    @property
    def card(self) -> ModelCard:
        """The card of the model."""

    def predict(self, utterances: Sequence[str], *, top_k: int = 0) -> list[Prediction]:
        """Return a prediction for each utterance, with ``top_k`` alternatives."""

    def encoding_work(self, utterances: Sequence[str]) -> int:
        """Return an estimate of the time of a sentence encoder, in microseconds; 0 without one."""


class ParsedRequest(NamedTuple):
    """A request that waits for the predictions of its utterances.

    A refused request, and one that needs no prediction, has no utterances.

    Attributes:
        render: returns the response to the predictions; it may raise any error.
        reject: returns the response to an error, in the dialect of the request.
        utterances: the texts to classify.
        top_k: the number of alternatives that ``render`` needs for each; more do no harm.
        work: an estimate of the time to predict and render, in microseconds: that of
            ``Query.work``, and that of a sentence encoder.
        model: predicts; None stands for the default model.
        load: begins the load of a model that the request names (see NotLoadedError). Parse the
            request again when that is done; until then, it responds with its error.
        may_escalate: whether a fallback may answer if the model is not sure enough.
    """

    render: Callable[[Sequence[Prediction]], Response]
    reject: Callable[[RequestError], Response]
    utterances: Sequence[str] = ()
    top_k: int = 0
    work: int = 0
    model: Predictor | None = None
    load: Callable[[], Future[None]] | None = None
    may_escalate: bool = False

    @classmethod
    def with_response(
        cls,
        response: Response,
        reject: Callable[[RequestError], Response],
        load: Callable[[], Future[None]] | None = None,
    ) -> Self:
        """Return a request whose response is known, so that it needs no prediction."""
        return cls(lambda _: response, reject, load=load)

    def respond(self, predictions: Sequence[Prediction]) -> Response:
        """Return the response to the utterances' predictions; an error becomes a response."""
        try:
            return self.render(predictions)
        except RequestError as error:
            return self.reject(error)
        except Exception:
            logger.exception("A request failed")
            return self.reject(InternalError())


class Deferred(NamedTuple):
    """A response that awaits another server.

    Attributes:
        finish: waits, and returns the response.
        decline: returns the response without it, at once.
    """

    finish: Callable[[], Response]
    decline: Callable[[], Response]


def finished(answer: Response | Deferred) -> Response:
    """Return a response; wait for one that is deferred."""
    return answer.finish() if isinstance(answer, Deferred) else answer


class PendingRequest(NamedTuple):
    """A parsed request that waits for its response.

    Attributes:
        environ: the WSGI environment (PEP 3333).
        start: the time of its arrival, by ``time.perf_counter``.
        parsed: the request itself.
    """

    environ: Environ
    start: float
    parsed: ParsedRequest


def act_header(act: bool | None) -> Headers:  # noqa: FBT001 - its only argument
    """Return the header that says whether to act on an intent; none if that is not known."""
    return () if act is None else (("x-act", "true" if act else "false"),)


def _too_large(max_bytes: int) -> TooLargeError:
    return TooLargeError(f"The body must have at most {max_bytes} bytes")
