"""The web app: parliament's, with our routes; ``app`` is what WSGI servers load."""

from __future__ import annotations

import functools
import os
import sys
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

from flask import Flask, Response, request
from parliament import server as parliament
from werkzeug.exceptions import HTTPException

from func import telemetry
from func.handler import IntentFunction, json_response
from func.json_api import JSON
from func.settings import Settings, SettingsError
from model.errors import ArtifactError

# gunicorn takes this exit code of a worker as "it will never start", and gives up at once.
CAN_NOT_START = 3


def create_app(function: IntentFunction) -> Flask:
    """Build the app around a function whose model is loaded."""
    app: Flask = parliament.create(SimpleNamespace(main=lambda context: function(context.request)))
    app.url_map.merge_slashes = False  # a path that is not ours gets a 404, not a redirect

    def predict() -> Response:
        return function(request)

    def health() -> Response:
        return json_response({"status": "ok"})

    def model() -> Response:
        return Response(function.model.card.to_json(), content_type=JSON)

    # parliament's own views parse each body a second time, warn of every request that is no
    # event, and report healthy whatever the model does.
    app.view_functions |= {
        "handle_get": predict,
        "handle_post": predict,
        "liveness": health,
        "readiness": health,
    }
    app.add_url_rule("/predict", view_func=predict, methods=["POST"])
    app.add_url_rule("/health", view_func=health)
    app.add_url_rule("/model", view_func=model)
    app.register_error_handler(HTTPException, _answer_http_exception)
    telemetry.instrument(app)
    return app


def load_app(settings: Settings) -> Flask:
    """Configure the logs, load the model, and build the app.

    Raises:
        ArtifactError: the model can't be served.
    """
    telemetry.configure_logging(settings)
    return create_app(IntentFunction.load(settings))


@functools.cache
def _app() -> Flask:
    try:
        return load_app(Settings.from_environ(os.environ))
    except (SettingsError, ArtifactError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - the logs may not be configured yet
        raise SystemExit(CAN_NOT_START) from error


def __getattr__(name: str) -> Any:
    """Load ``app`` when a server first asks for it: importing this module loads no model."""
    if name == "app":
        return _app()
    raise AttributeError(name)


def _answer_http_exception(error: HTTPException) -> Response:
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    response = json_response({"error": status.phrase}, status)
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response
