"""Replies to events as HTTP answers, and what is told of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from func.messages import Response
from func.protocols.cloudevents import BATCH_JSON, STRUCTURED_JSON, Event
from func.protocols.json_api import render_json

TOLD_ATTRIBUTES = ("id", "source", "specversion", "type", "traceparent", "tracestate")
MAX_TOLD = 512  # characters of each


def binary(reply: Event) -> Response:
    """Write a reply with its attributes as headers."""
    headers, body = reply.to_binary()
    content_type = headers.pop("Content-Type")
    return Response(body, content_type, headers=tuple(headers.items()), **_outcome(reply))


def structured(reply: Event) -> Response:
    """Write a reply as one JSON object."""
    return Response(render_json(reply.to_json()), STRUCTURED_JSON, **_outcome(reply))


def batch(count: int, replies: Sequence[Event]) -> Response:
    """Write the replies to so many events."""
    if not replies:
        return none()
    body = render_json([reply.to_json() for reply in replies])
    predictions = [reply.data for reply in replies if "intent" in reply.data]
    return Response(body, BATCH_JSON, log_fields={"utterances": count}, predictions=predictions)


def none() -> Response:
    """Acknowledge without a body: to a broker, a body that is no event would be a failure."""
    return Response(content_type="", status=HTTPStatus.ACCEPTED)


def log_fields(answer: Mapping[str, object]) -> dict[str, object]:
    """Give what the log tells of an answer in the form of the JSON contract."""
    return {"intent": answer["intent"], "confidence": answer["confidence"]}


def logged_attributes(event: Event) -> dict[str, str]:
    """Give those attributes that are told of."""
    attributes = event.attributes
    # What is told waits in memory, and a sender's attributes may be as long as a body.
    return {name: attributes[name][:MAX_TOLD] for name in TOLD_ATTRIBUTES if name in attributes}


def _outcome(reply: Event) -> dict[str, Any]:
    return {"log_fields": log_fields(reply.data), "predictions": [reply.data]}
