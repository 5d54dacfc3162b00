"""KServe's protocol, version 1: instances to predictions, which have the form of ours."""

from __future__ import annotations

from collections.abc import Sequence

from func.errors import InvalidQueryError, RequestError, TooLargeError
from func.messages import Outcome, ParsedRequest, Response
from func.protocols.dialects.answers import parse_fields
from func.protocols.json_api import error_response, render_predictions
from func.protocols.json_codec import render_json
from func.protocols.query import Query
from func.settings import MODEL_NAME, Settings
from model.inference.intent_model import IntentModel
from model.inference.prediction import Prediction

KIND = "kserve-v1"
READY = Response(render_json({"name": MODEL_NAME, "ready": True}), outcome=Outcome(KIND))


def parse(content_type: str, body: bytes, model: IntentModel, settings: Settings) -> ParsedRequest:
    """Parse ``POST /v1/models/NAME:predict``.

    An instance is a text, or an object as ``POST /predict`` takes it with one text.
    """
    instances = parse_fields(content_type, body, settings).get("instances")
    if not isinstance(instances, list) or not instances:
        raise InvalidQueryError("'instances' must be a list of texts or objects")
    if len(instances) > settings.max_batch_size:
        raise TooLargeError(f"'instances' must hold at most {settings.max_batch_size} texts")
    queries = [_query(item, f"'instances[{n}]'", settings) for n, item in enumerate(instances)]

    def render(predictions: Sequence[Prediction]) -> Response:
        results = [
            result
            for query, prediction in zip(queries, predictions, strict=True)
            for result in render_predictions(query, [prediction], model)
        ]
        outcome = Outcome(KIND, results, len(results))
        return Response(render_json({"predictions": results}), outcome=outcome)

    utterances = [query.utterances[0] for query in queries]
    top_k, work = max(query.top_k for query in queries), sum(query.work for query in queries)
    may_escalate = not any(query.explain for query in queries)
    return ParsedRequest(render, reject, utterances, top_k, work, may_escalate=may_escalate)


def describe(_: str, __: bytes, ___: IntentModel, ____: Settings) -> ParsedRequest:
    """Answer ``GET /v1/models/NAME``."""
    return ParsedRequest(lambda _: READY, reject)


def reject(error: RequestError) -> Response:
    """Return the response to a failed request."""
    return error_response(error, KIND)


def _query(instance: object, place: str, settings: Settings) -> Query:
    fields = {"text": instance} if isinstance(instance, str) else instance
    if not isinstance(fields, dict) or "texts" in fields:
        raise InvalidQueryError(f"{place} must be a text, or an object with one")
    return Query.from_fields(fields, settings)
