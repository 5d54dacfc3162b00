"""The JSON contract: a body becomes a query, and predictions become the JSON response."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from func.errors import InvalidQueryError, RequestError, UnsupportedMediaTypeError
from func.messages import JSON, Outcome, ParsedRequest, Response
from func.protocols.json_codec import parse_object, render_json
from func.protocols.media_type import PLAIN_TEXT, MediaType
from func.protocols.query import Query
from func.settings import Settings
from model.errors import ExplanationError
from model.inference.intent_model import IntentModel
from model.inference.prediction import Alternative, Prediction

DIGITS = 4
NOT_AN_OBJECT = (
    f"The data must be a JSON object with a 'text'; plain text needs datacontenttype {PLAIN_TEXT}"
)
HEALTHY = Response(render_json({"status": "ok"}))


def parse_request(
    content_type: str, body: bytes, model: IntentModel, settings: Settings
) -> ParsedRequest:
    """Parse a plain HTTP request; raise as ``parse_query`` does."""
    query = parse_query(MediaType.parse(content_type), body, settings)

    def render(predictions: Iterable[Prediction]) -> Response:
        results = render_predictions(query, predictions, model)
        if query.is_batch:
            outcome = Outcome(predictions=results, batch_size=len(results))
            return Response(render_json({"predictions": results}), outcome=outcome)
        return Response(render_json(results[0]), outcome=Outcome(predictions=results))

    return query.to_request(
        render,
        error_response,
        more_work=explaining_work(query, model),
        # The model can explain its own answer only.
        may_escalate=not query.explain,
    )


def parse_query(media_type: MediaType, body: bytes, settings: Settings) -> Query:
    """Return the query of a body.

    Raises:
        UnsupportedMediaTypeError: neither JSON nor plain text.
        BadRequestError: the body does not match its type or the contract.
        TooLargeError: a text or the batch exceeds its limit.
    """
    if media_type.name == PLAIN_TEXT:
        return Query.from_text(media_type.decode(body), settings)
    if media_type.is_json:
        # An empty body gets the error about the missing text, not one about invalid JSON.
        fields = parse_object(media_type.decode(body), settings) if body else {}
        return query_of(fields, settings)
    raise UnsupportedMediaTypeError(f"The Content-Type must be {JSON} or {PLAIN_TEXT}")


def query_of(document: object, settings: Settings) -> Query:
    """Return the query of JSON data.

    Raises:
        InvalidQueryError, TooLargeError: as ``Query.from_fields`` does, and for other data than an
            object.
    """
    if settings.text_pointer:
        # Imported late: most data has the form of the contract.
        from func.protocols.pointed_text import query_at_pointers  # noqa: PLC0415

        return query_at_pointers(document, settings)
    if not isinstance(document, dict):
        raise InvalidQueryError(NOT_AN_OBJECT)
    return Query.from_fields(document, settings)


def explaining_work(query: Query, model: IntentModel) -> int:
    """Return an estimate of what explanations add to ``query.work``; 0 without them."""
    return model.explaining_work(query.utterances) if query.explain else 0


def render_predictions(
    query: Query, predictions: Iterable[Prediction], model: IntentModel
) -> list[dict[str, Any]]:
    """Return predictions in the form of the contract.

    Each prediction must have at least ``top_k`` alternatives.

    Raises:
        InvalidQueryError: the query asks for an explanation, and the model can't explain.
    """
    results: list[dict[str, Any]] = []
    for utterance, prediction in zip(query.utterances, predictions, strict=True):
        result = _render(prediction)
        if (act := model.card.acts_on(prediction)) is not None:
            result["act"] = act
        if prediction.answered_by:
            result["answered_by"] = prediction.answered_by
        if query.top_k:
            result["alternatives"] = [*map(_render, prediction.alternatives[: query.top_k])]
        if query.explain:
            result["evidence"] = _explain(utterance, model)
            if corrections := model.corrections(utterance):
                result["corrections"] = corrections
        results.append(result)
    return results


def error_response(
    error: RequestError, kind: str = "http", event: Mapping[str, str] | None = None
) -> Response:
    """Return the response to a failed request, whose ``Outcome`` has this kind and event."""
    return Response(
        render_json({"error": error.message}),
        status=error.status,
        headers=error.headers,
        outcome=Outcome(kind, event=event or {}),
    )


def _render(item: Prediction | Alternative) -> dict[str, Any]:
    return {"intent": item.intent, "confidence": round(item.confidence, DIGITS)}


def _explain(utterance: str, model: IntentModel) -> list[dict[str, Any]]:
    try:
        evidence = model.explain(utterance)
    except ExplanationError as error:
        raise InvalidQueryError("This model can't explain its predictions") from error
    return [{"feature": item.feature, "weight": round(item.weight, DIGITS)} for item in evidence]
