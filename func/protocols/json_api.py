"""The JSON contract: a body in, a query out; predictions in, JSON out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Self

from func.errors import (
    BadRequestError,
    InvalidQueryError,
    RequestError,
    UnsupportedMediaTypeError,
)
from func.messages import JSON, Environ, Response
from func.protocols.query import Query
from func.settings import Settings
from model.errors import ExplanationError
from model.inference.intent_model import IntentModel
from model.inference.prediction import Prediction

PLAIN_TEXT = "text/plain"
DIGITS = 4

_BRACKET = re.compile(r"[][{}]")
# Without backtracking, and without an end that has to be there: linear in whatever is sent.
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_CHARSET = re.compile(r"""(?:^|;)\s*charset\s*=\s*(?:"([^"]*)"|([^\s;"]+))""", re.IGNORECASE)
_ENCODINGS = {"utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "ascii", "iso-8859-1": "latin-1"}


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type in lower case without its parameters, and its charset if it names one."""

    name: str
    charset: str | None = None

    @classmethod
    def parse(cls, header: str) -> Self:
        """Read a Content-Type (RFC 9110, section 8.3); where there is none, JSON is meant."""
        name, _, parameters = header.partition(";")
        charset = _CHARSET.search(parameters) if parameters else None
        return cls(name.strip().lower() or JSON, (charset[1] or charset[2]) if charset else None)

    @property
    def is_json(self) -> bool:
        """Whether it is JSON: as such, or by its suffix (RFC 6839, section 3.1)."""
        return self.name == JSON or self.name.endswith("+json")

    def decode(self, body: bytes) -> str:
        """Decode a body of this type; UTF-8 where no charset is named.

        Raises:
            UnsupportedMediaTypeError: a charset that is not understood.
            BadRequestError: the bytes are not of that charset.
        """
        encoding = _ENCODINGS.get((self.charset or "utf-8").lower())
        if encoding is None:
            raise UnsupportedMediaTypeError(f"The charset must be one of {', '.join(_ENCODINGS)}")
        try:
            return body.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            raise BadRequestError(f"The body is not valid {encoding.upper()}") from error


def parse_query(media_type: MediaType, body: bytes, settings: Settings) -> Query:
    """Read what a plain HTTP request asks for.

    Raises:
        UnsupportedMediaTypeError: neither JSON nor plain text.
        BadRequestError: not what its type says, or not what the contract asks for.
        TooLargeError: a text or the batch is over its limit.
    """
    if media_type.name == PLAIN_TEXT:
        return Query.from_text(media_type.decode(body), settings)
    if media_type.is_json:
        # No body at all lacks the text, and is told so, rather than that it is no JSON.
        fields = parse_object(media_type.decode(body), settings) if body else {}
        return Query.from_fields(fields, settings)
    raise UnsupportedMediaTypeError(f"The Content-Type must be {JSON} or {PLAIN_TEXT}")


def parse_json(text: str, settings: Settings) -> Any:
    """Read JSON by RFC 8259.

    Raises:
        BadRequestError: not JSON, or nested too deeply.
    """
    # Each level begins with a bracket: few of them can't be many levels.
    max_depth = settings.max_json_depth
    if text.count("{") + text.count("[") > max_depth and _depth(text) > max_depth:
        raise BadRequestError(f"The body may nest objects and lists at most {max_depth} deep")
    try:
        return _DECODER.decode(text)
    except ValueError as error:
        raise BadRequestError("The body is not valid JSON") from error


def parse_object(text: str, settings: Settings) -> Mapping[str, Any]:
    """Read a JSON object.

    Raises:
        BadRequestError: not JSON, nested too deeply, or another value than an object.
    """
    value = parse_json(text, settings)
    if not isinstance(value, dict):
        raise BadRequestError("The body must be a JSON object")
    return value


def render_json(value: object) -> bytes:
    """Write JSON as compactly as it goes, in UTF-8."""
    return _ENCODER.encode(value).encode()


def classify(query: Query, model: IntentModel) -> list[dict[str, Any]]:
    """Answer each utterance in the form of the contract, in order.

    Raises:
        InvalidQueryError: an explanation was asked for, and the model can't give any.
    """
    return render(query, model.predict(query.utterances, top_k=query.top_k), model)


def render(
    query: Query, predictions: Iterable[Prediction], model: IntentModel
) -> list[dict[str, Any]]:
    """Give predictions the form of the contract.

    Args:
        query: what was asked for.
        predictions: one for each of its utterances, with no fewer alternatives than asked for.
        model: made them.

    Raises:
        InvalidQueryError: an explanation was asked for, and the model can't give any.
    """
    answers = [_render(prediction, query.top_k) for prediction in predictions]
    if query.explain:
        for utterance, answer in zip(query.utterances, answers, strict=True):
            answer["evidence"] = _explain(utterance, model)
    return answers


def _render(prediction: Prediction, top_k: int) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "intent": prediction.intent,
        "confidence": round(prediction.confidence, DIGITS),
    }
    if top_k:
        answer["alternatives"] = [
            {"intent": item.intent, "confidence": round(item.confidence, DIGITS)}
            for item in prediction.alternatives[:top_k]
        ]
    return answer


def _explain(utterance: str, model: IntentModel) -> list[dict[str, Any]]:
    try:
        evidence = model.explain(utterance)
    except ExplanationError as error:
        raise InvalidQueryError("This model can't explain its predictions") from error
    return [{"feature": item.feature, "weight": round(item.weight, DIGITS)} for item in evidence]


def _depth(text: str) -> int:
    """Count how many brackets are open at most; of what is no JSON, the count may be anything."""
    brackets = _BRACKET.findall(_STRING.sub("", text))
    return max(accumulate(1 if bracket in "{[" else -1 for bracket in brackets), default=0)


def _refuse_constant(_: str) -> None:
    raise ValueError("NaN and Infinity are not JSON")


# Made once: json.loads and json.dumps would make new ones for each request.
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def error_answer(error: RequestError) -> Response:
    """Tell what was wrong."""
    body = render_json({"error": error.message})
    return Response(body, status=error.status, headers=tuple(error.headers.items()))


def health(_: Environ) -> Response:
    """Say that all is well: there is no function without a model that has passed its self-test."""
    return Response(render_json({"status": "ok"}))
