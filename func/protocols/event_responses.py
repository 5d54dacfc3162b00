"""HTTP responses that hold replies to events, and the facts recorded about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from func.messages import Outcome, Response
from func.protocols.cloudevents import BATCH_JSON, STRUCTURED_JSON, Event, Mode
from func.protocols.json_codec import render_json

RECORDED_ATTRIBUTES = ("id", "source", "specversion", "type", "traceparent", "tracestate")
MAX_RECORDED = 512  # characters of each


def single(reply: Event, mode: Mode, event: Mapping[str, str]) -> Response:
    """Return the response with one reply, in the mode of the ``event`` that it answers."""
    outcome = Outcome(mode.value, [reply.data], event=event)
    if mode is Mode.STRUCTURED:
        return Response(render_json(reply.to_json()), STRUCTURED_JSON, outcome=outcome)
    headers, body = reply.to_binary()
    content_type = headers.pop("Content-Type")
    return Response(body, content_type, headers=tuple(headers.items()), outcome=outcome)


def batch(count: int, replies: Sequence[Event]) -> Response:
    """Return the response with the replies to a batch of ``count`` events."""
    predictions = [reply.data for reply in replies if "intent" in reply.data]
    outcome = Outcome(Mode.BATCH.value, predictions, count)
    if not replies:
        return acknowledgement(outcome)
    return Response(
        render_json([reply.to_json() for reply in replies]), BATCH_JSON, outcome=outcome
    )


def acknowledgement(outcome: Outcome) -> Response:
    """Return a response without a body: a broker takes a body that is no event for a failure."""
    return Response(content_type="", status=HTTPStatus.ACCEPTED, outcome=outcome)


def recorded_attributes(event: Event) -> dict[str, str]:
    """Return the attributes that logs and traces record."""
    attributes = event.attributes
    # Records wait in memory, and a sender's attributes may be as long as a body.
    return {
        name: attributes[name][:MAX_RECORDED] for name in RECORDED_ATTRIBUTES if name in attributes
    }
