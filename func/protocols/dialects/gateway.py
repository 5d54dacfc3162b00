"""External authorization by HTTP, as Envoy and Traefik ask for it: the intent in headers.

A gateway passes on a request if the answer is 200, with the answer's headers, so that it can route
by them. Requests that can't be classified are passed on as well, as ``out_of_scope``.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import quote

from func.errors import BadRequestError, RequestError, TooLargeError, UnsupportedMediaTypeError
from func.messages import Outcome, ParsedRequest, Response, act_header
from func.protocols.any_text import text_of_any
from func.protocols.dialects.answers import recorded
from func.protocols.dialects.request import DialectRequest
from func.protocols.json_api import DIGITS, error_response
from func.protocols.json_pointer import value_at
from func.protocols.query import TEXT_FIELDS, Query
from model.inference.prediction import OUT_OF_SCOPE, Prediction

KIND = "gateway"
UNREADABLE = (BadRequestError, TooLargeError, UnsupportedMediaTypeError)


def parse(request: DialectRequest) -> ParsedRequest:
    """Parse any request that a gateway received, as far as its body has a text."""
    text, card = _text(request), request.default.model.card

    def render(predictions: Sequence[Prediction]) -> Response:
        [prediction] = predictions
        is_acted = bool(card.acts_on(prediction))
        outcome = Outcome(KIND, recorded(predictions))
        return _pass_on(prediction.intent, prediction.confidence, outcome, is_acted=is_acted)

    return Query([text]).to_request(render, reject)


def reject(error: RequestError) -> Response:
    """Return the response to a failed request; one whose body can't be read is passed on."""
    if isinstance(error, UNREADABLE):
        return _pass_on(OUT_OF_SCOPE, 0.0, Outcome(KIND))
    return error_response(error, KIND)


def _text(request: DialectRequest) -> str:
    """Return the text of a body; "" if it has none."""
    try:
        fields, settings = request.fields(), request.settings
        pointer = settings.gateway_text_pointer
        names = (f"/{name}" for name in TEXT_FIELDS if name in fields)
        value = value_at(pointer or next(names, "/"), fields)
        return text_of_any(value, settings, "The text")
    except UNREADABLE:
        return ""


def _pass_on(
    intent: str, confidence: float, outcome: Outcome, *, is_acted: bool = False
) -> Response:
    headers = (
        ("x-intent", quote(intent, safe=" !#$&'()*+,/:;<=>?@[]^`{|}~")),
        ("x-confidence", str(round(confidence, DIGITS))),
        *act_header(is_acted),
    )
    return Response(content_type="", status=HTTPStatus.OK, headers=headers, outcome=outcome)
