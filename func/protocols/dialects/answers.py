"""The parts that responses of several dialects have in common."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from func.errors import RequestError
from func.messages import Outcome, Response, act_header
from func.protocols import json_api
from func.protocols.json_codec import render_json
from model.inference.model_card import ModelCard
from model.inference.prediction import OUT_OF_SCOPE, Prediction

DIGITS = 6  # enough for the rounded probabilities of hundreds of intents to add up to 1


def probabilities(prediction: Prediction) -> dict[str, float]:
    """Return the probability of each intent, ``out_of_scope`` included, the most likely first.

    The prediction must rank all intents.
    """
    ranked = prediction.probabilities()
    ranked.setdefault(OUT_OF_SCOPE, 0.0)  # some models reject nothing, and do not rank it
    return ranked


def respond(
    content: object,
    kind: str,
    predictions: Sequence[Prediction],
    card: ModelCard,
    batch_size: int | None = None,
) -> Response:
    """Return a response, with its predictions as logs and metrics record them.

    The response to a single text says in a header whether to act on its intent, if training chose
    a confidence for that.
    """
    headers = () if batch_size is not None else act_header(card.acts_on(predictions[0]))
    outcome = Outcome(kind, recorded(predictions), batch_size)
    return Response(render_json(content), headers=headers, outcome=outcome)


def recorded(predictions: Sequence[Prediction]) -> list[dict[str, Any]]:
    """Return predictions as logs and metrics record them."""
    return [
        {"intent": each.intent, "confidence": round(each.confidence, json_api.DIGITS)}
        for each in predictions
    ]


def openai_error(error: RequestError, kind: str) -> Response:
    """Return the response to a failed request, as OpenAI and servers after its example do."""
    is_ours = error.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    content = {
        "message": error.message,
        "type": "server_error" if is_ours else "invalid_request_error",
        "param": None,
        "code": None,
    }
    body = render_json({"error": content})
    return Response(body, status=error.status, headers=error.headers, outcome=Outcome(kind))
