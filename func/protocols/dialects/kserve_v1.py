"""KServe's protocol, version 1: instances to predictions, which have the form of ours."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from func.errors import InvalidQueryError, TooLargeError
from func.messages import Outcome, ParsedRequest, Response
from func.protocols.batch_limit import check_batch_size
from func.protocols.dialects.request import DialectRequest
from func.protocols.json_api import error_response, explaining_work, render_predictions
from func.protocols.json_codec import render_json
from func.protocols.query import Query
from func.settings import Settings
from model.inference.prediction import Prediction

KIND = "kserve-v1"

reject = partial(error_response, kind=KIND)


def parse(request: DialectRequest) -> ParsedRequest:
    """Parse ``POST /v1/models/NAME:predict``.

    An instance is a text, or an object as ``POST /predict`` takes it with one text.
    """
    served, settings = request.model_named(request.name), request.settings
    instances = request.fields().get("instances")
    if not isinstance(instances, list) or not instances:
        raise InvalidQueryError("'instances' must be a list of texts or objects")
    check_batch_size(len(instances), settings, "'instances'")
    queries = [_query(item, f"'instances[{n}]'", settings) for n, item in enumerate(instances)]

    def render(predictions: Sequence[Prediction]) -> Response:
        results = [
            result
            for query, prediction in zip(queries, predictions, strict=True)
            for result in render_predictions(query, [prediction], served.model)
        ]
        outcome = Outcome(KIND, results, len(results))
        return Response(render_json({"predictions": results}), outcome=outcome)

    utterances = [query.utterances[0] for query in queries]
    top_k = max(query.top_k for query in queries)
    work = sum(query.work + explaining_work(query, served.model) for query in queries)
    may_escalate = not any(query.explain for query in queries)
    return served.answering(
        ParsedRequest(render, reject, utterances, top_k, work, may_escalate=may_escalate)
    )


def describe(request: DialectRequest) -> ParsedRequest:
    """Answer ``GET /v1/models/NAME``."""
    served = request.model_named(request.name)
    ready = render_json({"name": served.name, "ready": True})
    response = Response(ready, outcome=Outcome(KIND))
    return served.answering(ParsedRequest.with_response(response, reject))


def _query(instance: object, place: str, settings: Settings) -> Query:
    fields = {"text": instance} if isinstance(instance, str) else instance
    if not isinstance(fields, dict) or "texts" in fields:
        raise InvalidQueryError(f"{place} must be a text, or an object with one")
    try:
        return Query.from_fields(fields, settings)
    except (InvalidQueryError, TooLargeError) as error:
        raise type(error)(f"{place}: {error.message}") from error
