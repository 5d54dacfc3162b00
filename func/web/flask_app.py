"""The Flask app, made with parliament: the routes beside predictions and health."""

from __future__ import annotations

import time
from functools import partial
from http import HTTPStatus
from types import SimpleNamespace

from flask import Flask, g, request
from flask import Response as FlaskResponse
from parliament import server as parliament
from werkzeug.exceptions import HTTPException

from func.errors import UnauthorizedError
from func.handler import IntentFunction
from func.messages import JSON, Response
from func.protocols.json_api import error_answer, health, render_json
from func.telemetry.recorder import Telemetry
from func.web import open_inference_routes, openapi, swagger_ui
from func.web.page import Page

OPEN_ROUTES = frozenset(("/", "/predict", "/docs", "/openapi.json"))
OPEN_PREFIXES = ("/docs/", "/health", "/v2/health/")


def create_flask_app(function: IntentFunction, telemetry: Telemetry) -> Flask:
    """Build the app around a function whose model is loaded."""

    def predict() -> FlaskResponse:
        g.answer = function(request.environ)
        return to_flask(g.answer)

    def healthy() -> FlaskResponse:
        return to_flask(health(request.environ))

    def model() -> FlaskResponse:
        return FlaskResponse(function.model.card.to_json(), content_type=JSON)

    app: Flask = parliament.create(SimpleNamespace(main=lambda _: predict()))
    app.url_map.merge_slashes = False  # a path that is not ours gets a 404, not a redirect
    # parliament's own views parse each body a second time, and warn of every request that is no
    # event.
    app.view_functions |= {
        "handle_get": Page.load().answer,
        "handle_post": predict,
        "liveness": healthy,
        "readiness": healthy,
    }
    app.add_url_rule("/health", view_func=healthy)
    app.add_url_rule("/predict", view_func=predict, methods=["POST"])
    app.add_url_rule("/model", view_func=model)
    for routes in (open_inference_routes, openapi, swagger_ui):
        routes.add_routes(app, function)
    app.register_error_handler(HTTPException, _answer_http_exception)
    app.before_request(_start)
    app.before_request(partial(_authorize, function))
    app.after_request(partial(_record, telemetry))
    return app


def to_flask(answer: Response) -> FlaskResponse:
    """Put an answer into Flask's form."""
    return FlaskResponse(answer.body, answer.status, answer.all_headers)


def _answer_http_exception(error: HTTPException) -> FlaskResponse:
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    body = render_json({"error": status.phrase})
    response = FlaskResponse(body, status, content_type=JSON)
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


def _authorize(function: IntentFunction) -> FlaskResponse | None:
    # Pages hold no secret, and a browser that opens one sends no token; health is for probes. The
    # function itself asks those who want a prediction.
    route = request.url_rule.rule if request.url_rule else None
    if route is None or route in OPEN_ROUTES or route.startswith(OPEN_PREFIXES):
        return None
    try:
        function.authorize(request.environ)
    except UnauthorizedError as error:
        return to_flask(error_answer(error))
    return None


def _start() -> None:
    g.start = time.perf_counter()


def _record(telemetry: Telemetry, response: FlaskResponse) -> FlaskResponse:
    # The path itself may hold anything, an utterance too; the route it matched can't.
    route = request.url_rule.rule if request.url_rule else None
    answer = g.get("answer") or Response(status=HTTPStatus(response.status_code))
    telemetry.record(request.environ, route, g.start, answer)
    return response
