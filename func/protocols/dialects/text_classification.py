"""Text classification as Hugging Face's servers and clients have it: ``inputs`` to labels.

Text Embeddings Inference answers one text by a list of labels, and several by a list of lists. The
client of the Hub sends ``parameters``, and expects a list of lists always.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from func.errors import BadRequestError, InvalidQueryError, RequestError
from func.messages import Outcome, ParsedRequest, Response
from func.protocols.dialects.answers import DIGITS, probabilities, respond
from func.protocols.json_codec import render_json, whole_number
from func.protocols.media_type import parse_fields
from func.protocols.query import Query
from func.settings import Settings
from model.inference.intent_model import IntentModel
from model.inference.prediction import Prediction

KIND = "text-classification"
OUR_FIELDS = ("text", "message", "messages", "texts")


def parse(
    content_type: str, body: bytes, model: IntentModel, settings: Settings
) -> ParsedRequest | None:
    """Parse ``POST /predict``; None for a request that is not of this contract."""
    try:
        fields = parse_fields(content_type, body, settings)
        if "inputs" not in fields or any(name in fields for name in OUR_FIELDS):
            return None
    except RequestError:
        return None
    try:
        return _parse(fields, model, settings)
    except RequestError as error:
        return ParsedRequest.with_response(reject(error), reject)


def reject(error: RequestError) -> Response:
    """Return the response to a failed request."""
    status, kind = error.status, "Validation"
    if isinstance(error, BadRequestError):
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    elif status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        kind = "Backend"
    content = render_json({"error": error.message, "error_type": kind})
    return Response(content, status=status, outcome=Outcome(KIND))


def _parse(fields: Mapping[str, Any], model: IntentModel, settings: Settings) -> ParsedRequest:
    inputs, parameters = fields["inputs"], fields.get("parameters")
    if not isinstance(parameters, dict | None):
        raise InvalidQueryError("'parameters' must be an object")
    options = {**fields, **(parameters or {})}
    is_raw = options.get("raw_scores") not in (None, False)
    if is_raw or options.get("function_to_apply") not in (None, "softmax"):
        raise InvalidQueryError("The scores are probabilities: no others are available")
    count = len(model.card.labels) + 1
    top_k = options.get("top_k")
    limit = count if top_k is None else whole_number(top_k)
    if limit is None or limit < 1:
        raise InvalidQueryError("'top_k' must be a whole number, 1 or more")
    is_single = isinstance(inputs, str)
    rows = [inputs] if is_single else inputs
    # A list of lists holds sequences; one of two texts is a pair, which is no utterance.
    if isinstance(rows, list) and any(isinstance(row, list) for row in rows):
        rows = [row[0] if isinstance(row, list) and len(row) == 1 else row for row in rows]
    query = Query.from_texts(rows, count, settings, "inputs")

    def render(predictions: Sequence[Prediction]) -> Response:
        results = [_labels(prediction, limit) for prediction in predictions]
        is_flat = is_single and parameters is None
        size = None if is_single else len(results)
        return respond(results[0] if is_flat else results, KIND, predictions, model.card, size)

    return query.to_request(render, reject)


def _labels(prediction: Prediction, limit: int) -> list[dict[str, Any]]:
    ranked = [*probabilities(prediction).items()][:limit]
    return [{"label": label, "score": round(score, DIGITS)} for label, score in ranked]
