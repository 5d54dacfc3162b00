"""vLLM's ``POST /classify``: a distribution over all classes for each text.

``probs`` follow the order of the labels in the model card, ``out_of_scope`` last.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from func.errors import InvalidQueryError
from func.messages import ParsedRequest, Response
from func.protocols.dialects.answers import (
    DIGITS,
    openai_error,
    probabilities,
    respond,
)
from func.protocols.dialects.request import DialectRequest
from func.protocols.query import Query, conversation_text
from func.settings import Settings
from model.inference.model_card import ModelCard
from model.inference.prediction import OUT_OF_SCOPE, Prediction

KIND = "vllm-classify"

reject = partial(openai_error, kind=KIND)
NO_COST = {"prompt_tokens": 0, "total_tokens": 0, "completion_tokens": 0}


def parse(request: DialectRequest) -> ParsedRequest:
    """Parse ``POST /classify``."""
    fields = request.fields()
    served = request.model_named(fields.get("model"))
    card = served.model.card
    query = _query(fields, len(card.labels) + 1, request.settings)
    size = len(query.utterances) if isinstance(fields.get("input"), list) else None

    def render(predictions: Sequence[Prediction]) -> Response:
        data = [_row(index, item, card) for index, item in enumerate(predictions)]
        content = {
            "id": f"classify-{uuid.uuid4().hex}",
            "object": "list",
            "created": int(time.time()),
            "model": served.name,
            "data": data,
            "usage": NO_COST,
        }
        return respond(content, KIND, predictions, card, size)

    return served.answering(query.to_request(render, reject))


def _query(fields: Mapping[str, Any], top_k: int, settings: Settings) -> Query:
    if "messages" in fields:
        return Query([conversation_text(fields["messages"], settings)], top_k=top_k)
    if "input" not in fields:
        raise InvalidQueryError("Send 'input', a text or a list of texts, or 'messages'")
    source = fields["input"]
    texts = [source] if isinstance(source, str) else source
    return Query.from_texts(texts, top_k, settings, "input")


def _row(index: int, prediction: Prediction, card: ModelCard) -> dict[str, Any]:
    distribution, labels = probabilities(prediction), (*card.labels, OUT_OF_SCOPE)
    act = card.acts_on(prediction)
    row = {
        "index": index,
        "label": prediction.intent,
        "probs": [round(distribution[label], DIGITS) for label in labels],
        "num_classes": len(labels),
    }
    return row if act is None else row | {"act": act}
