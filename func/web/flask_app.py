"""The Flask app, made with parliament: the routes beside predictions and health."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from types import SimpleNamespace

from flask import Flask, abort, g, request
from flask import Response as FlaskResponse
from parliament import server as parliament
from werkzeug.exceptions import HTTPException

from func.errors import RequestError
from func.handler import IntentFunction
from func.messages import JSON, Environ, ParsedRequest, Response
from func.negotiation import Negotiation
from func.protocols.dialect_routes import DIALECTS
from func.protocols.json_api import error_response
from func.protocols.json_codec import render_json
from func.telemetry.recorder import Telemetry
from func.web import feedback, model_page, open_inference_routes, openapi, swagger_ui
from func.web.page import Page

OPEN_ROUTES = frozenset(("/", "/predict", "/docs", "/openapi.json"))
OPEN_PREFIXES = ("/docs/", "/health", "/v2/health/")


def create_flask_app(function: IntentFunction, telemetry: Telemetry) -> Flask:
    """Build the app around a function whose model is loaded."""

    def answer(parse: Callable[[Environ], ParsedRequest]) -> FlaskResponse:
        [g.response] = function.respond([parse(request.environ)])
        return to_flask(g.response)

    def predict() -> FlaskResponse:
        return answer(function.parse)

    app: Flask = parliament.create(SimpleNamespace(main=lambda _: predict()))
    app.url_map.merge_slashes = False  # an unknown path gets a 404, not a redirect
    # parliament's own views parse each body again, and warn of every request without an event.
    app.view_functions |= {"handle_get": Page.load().response, "handle_post": predict}
    # Probes never get here; like parliament's two routes, this one refuses other methods.
    app.add_url_rule("/health", "liveness")
    app.add_url_rule("/predict", view_func=predict, methods=["POST"])
    for (method, path), dialect in DIALECTS.items():
        parse = partial(function.parse_dialect, dialect)
        endpoint = f"{method} {path}"
        app.add_url_rule(path, endpoint, partial(answer, parse), methods=[method])
    for routes in (feedback, model_page, open_inference_routes, openapi, swagger_ui):
        routes.add_routes(app, function)
    app.register_error_handler(HTTPException, _http_exception_response)
    app.before_request(_start)
    app.before_request(partial(_authorize, function))
    app.after_request(partial(_record, telemetry))
    app.after_request(partial(_adapt, function.negotiation))
    return app


def to_flask(response: Response) -> FlaskResponse:
    """Convert a response into Flask's."""
    return FlaskResponse(response.body, response.status, response.all_headers)


def _http_exception_response(error: HTTPException) -> FlaskResponse:
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    body = render_json({"error": status.phrase})
    response = FlaskResponse(body, status, content_type=JSON)
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


def _authorize(function: IntentFunction) -> FlaskResponse | None:
    # Pages hold no secret and browsers send no token; probes send none either. The function itself
    # checks the tokens of predictions.
    route = request.url_rule.rule if request.url_rule else None
    if route is None or route in OPEN_ROUTES or route.startswith(OPEN_PREFIXES):
        return None
    try:
        function.authorize(request.environ, waits=True)
    except RequestError as error:
        return to_flask(error_response(error))
    return None


def _adapt(negotiation: Negotiation, response: FlaskResponse) -> FlaskResponse:
    # Other media types than JSON have validators (ETag), which belong to one coding.
    body = response.get_data() if response.is_json else b""
    adapted = negotiation.adapt(request.environ, Response(body))
    if adapted.body is not body:
        response.set_data(adapted.body)
    response.headers.extend(adapted.headers)
    return response


def _start() -> None:
    g.start = time.perf_counter()
    if request.environ["PATH_INFO"].startswith("//"):
        # werkzeug would match it as if it began with one slash, past a gateway's rules for paths.
        request.url_rule = None
        abort(HTTPStatus.NOT_FOUND)


def _record(telemetry: Telemetry, response: FlaskResponse) -> FlaskResponse:
    # A path may hold an utterance; the route that it matches can't.
    route = request.url_rule.rule if request.url_rule else None
    recorded = g.get("response") or Response(status=HTTPStatus(response.status_code))
    telemetry.record(request.environ, route, g.start, recorded)
    return response
