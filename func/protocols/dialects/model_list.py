"""``GET /v1/models``: what System One's and OpenAI's clients list, in both forms at once."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from func.messages import Outcome, ParsedRequest, Response
from func.protocols.dialects.answers import openai_error
from func.protocols.dialects.request import DialectRequest
from func.protocols.json_codec import render_json
from func.settings import MODEL_NAME
from model.inference.model_card import ModelCard

KIND = "model-list"
UNKNOWN_DATE = datetime.fromtimestamp(0, UTC)

reject = partial(openai_error, kind=KIND)


def parse(request: DialectRequest) -> ParsedRequest:
    """Answer ``GET /v1/models``."""
    response = Response(render_json(describe(request.default.model.card)), outcome=Outcome(KIND))
    return ParsedRequest.with_response(response, reject)


def describe(card: ModelCard) -> dict[str, object]:
    """Return the list of the one model."""
    created = _date(card.training.get("created"))
    for_system_one = {
        "name": MODEL_NAME,
        "description": f"Classifies a message: {len(card.labels)} intents, or out of scope",
        "release_date": created.date().isoformat(),
    }
    for_openai = {
        "id": MODEL_NAME,
        "object": "model",
        "created": int(created.timestamp()),
        "owned_by": "intent-function",
    }
    return {"models": [for_system_one], "object": "list", "data": [for_openai]}


def _date(value: object) -> datetime:
    """Return the date of a training record, which is free in form."""
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return UNKNOWN_DATE
