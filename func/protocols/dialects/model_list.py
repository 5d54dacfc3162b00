"""``GET /v1/models``: what System One's and OpenAI's clients list, in both forms at once."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from func.messages import Outcome, ParsedRequest, Response
from func.protocols.dialects.answers import openai_error
from func.protocols.dialects.request import DialectRequest
from func.protocols.json_codec import render_json
from func.settings import MODEL_NAME
from model.inference.model_card import ModelCard

KIND = "model-list"
UNKNOWN_DATE = "1970-01-01T00:00:00+00:00"

reject = partial(openai_error, kind=KIND)


def parse(request: DialectRequest) -> ParsedRequest:
    """Answer ``GET /v1/models``."""
    response = Response(render_json(describe(request.default.model.card)), outcome=Outcome(KIND))
    return ParsedRequest.with_response(response, reject)


def describe(card: ModelCard) -> dict[str, object]:
    """Return the list of the one model."""
    created = datetime.fromisoformat(str(card.training.get("created", UNKNOWN_DATE)))
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
