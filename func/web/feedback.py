"""``POST /feedback``: a correction of a prediction becomes an event in the sink.

The function keeps and logs no correction: its sender gets an error unless the sink has taken it.
"""

from __future__ import annotations

from http import HTTPStatus

from flask import Flask, g, request

from func.errors import RequestError
from func.handler import IntentFunction
from func.messages import Headers, Request, Response
from func.protocols.corrections import parse_correction
from func.protocols.json_api import error_response
from func.protocols.json_codec import render_json
from func.web.event_sink import EventSink

PATH = "/feedback"


def add_routes(app: Flask, function: IntentFunction) -> None:
    """Add the route to the app around a function whose model is loaded."""
    sink = EventSink.from_settings(function.settings)

    def respond() -> tuple[bytes, HTTPStatus, Headers]:
        try:
            response = _emit(Request.from_environ(request.environ), function, sink)
        except RequestError as error:
            response = error_response(error)
        g.response = response
        return response.body, response.status, response.all_headers

    app.add_url_rule(PATH, "feedback", respond, methods=["POST"])


def _emit(received: Request, function: IntentFunction, sink: EventSink) -> Response:
    sink.require_url()
    settings = function.settings
    body = received.read_body(settings.max_body_bytes)
    labels = function.model.card.labels
    event = parse_correction(received.content_type, body, labels, settings).to_event(settings)
    sink.send(event)
    return Response(render_json({"id": event.attributes["id"]}), status=HTTPStatus.ACCEPTED)
