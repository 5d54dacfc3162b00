"""The Open Inference Protocol (v2) over REST, so that its clients work unchanged.

The model's version is the beginning of its SHA-256, so a version names one exact model.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Flask, g, request

from func.errors import NotFoundError, RequestError
from func.handler import IntentFunction
from func.messages import Headers, Outcome, Request, Response, act_header
from func.protocols.binary_tensors import EXTENSION, LENGTH_HEADER
from func.protocols.json_api import error_response, render_predictions
from func.protocols.json_codec import render_json
from func.protocols.open_inference import (
    DATATYPES,
    INPUT,
    KIND,
    RANKED,
    InferenceRequest,
    render_results,
)
from func.settings import MODEL_NAME, Settings
from func.version import VERSION
from model.inference.intent_model import IntentModel
from model.inference.model_card import ModelCard

PLATFORM = "scikit-learn"
VERSION_DIGITS = 12

_HEADER_KEY = f"HTTP_{LENGTH_HEADER.upper().replace('-', '_')}"
FlaskResponse = tuple[bytes, HTTPStatus, Headers]


def add_routes(app: Flask, function: IntentFunction) -> None:
    """Add the protocol's routes to the app around a function whose model is loaded."""
    api = OpenInferenceApi(function.model, function.settings)

    def recorded(response: Response) -> FlaskResponse:
        g.response = response
        return response.body, response.status, response.all_headers

    def add(path: str, value: object) -> None:
        response = Response(render_json(value), outcome=Outcome(KIND))
        app.add_url_rule(path, endpoint=path, view_func=lambda: recorded(response))

    def add_version(path: str, value: object) -> None:
        def respond(version: str) -> FlaskResponse:
            return recorded(api.respond_with(value, version))

        app.add_url_rule(path, endpoint=path, view_func=respond)

    def infer(version: str | None = None) -> FlaskResponse:
        return recorded(api.infer(Request.from_environ(request.environ), version))

    model = f"/v2/models/{MODEL_NAME}"
    ready = {"name": MODEL_NAME, "ready": True}
    add("/v2", {"name": "intent-function", "version": VERSION, "extensions": [EXTENSION]})
    # The app exists only after the model has passed its self-test.
    add("/v2/health/live", {"live": True})
    add("/v2/health/ready", {"ready": True})
    for path, value in ((model, api.metadata), (f"{model}/ready", ready)):
        add(path, value)
    for path, value in (("", api.metadata), ("/ready", ready)):
        add_version(f"{model}/versions/<version>{path}", value)
    for path in (f"{model}/infer", f"{model}/versions/<version>/infer"):
        app.add_url_rule(path, endpoint=path, view_func=infer, methods=["POST"])
    if function.models:
        _add_named_routes(app, function)


def _add_named_routes(app: Flask, function: IntentFunction) -> None:
    """Add the routes of models that requests name."""

    def respond(name: str, version: str | None = None) -> FlaskResponse:
        g.response = _named_response(function, name, version)
        return g.response.body, g.response.status, g.response.all_headers

    for path in ("", "/versions/<version>"):
        for kind, methods in (("", ["GET"]), ("/ready", ["GET"]), ("/infer", ["POST"])):
            rule = f"/v2/models/<name>{path}{kind}"
            app.add_url_rule(rule, endpoint=rule, view_func=respond, methods=methods)


def _named_response(function: IntentFunction, name: str, version: str | None) -> Response:
    try:
        served = function.find_model(name, waits=True)
    except RequestError as error:
        return error_response(error, KIND)
    api = OpenInferenceApi(served.model, function.settings, name, served.version)
    if request.path.endswith("/infer"):
        return served.signed(api.infer(Request.from_environ(request.environ), version))
    is_ready = request.path.endswith("/ready")
    value = {"name": name, "ready": True} if is_ready else api.metadata
    return api.respond_with(value, version or served.version)


def model_version(card: ModelCard) -> str:
    """Return the version under which a model is served."""
    return card.model_sha256[:VERSION_DIGITS]


class OpenInferenceApi:
    """Answers inference requests with a model."""

    def __init__(
        self, model: IntentModel, settings: Settings, name: str = MODEL_NAME, version: str = ""
    ) -> None:
        self._model, self._settings, self._name = model, settings, name
        self.version = version or model_version(model.card)

    @property
    def metadata(self) -> dict[str, Any]:
        """The inputs and outputs of the model; -1 stands for any number."""
        outputs = [
            {"name": name, "datatype": datatype, "shape": [-1, -1] if name in RANKED else [-1]}
            for name, datatype in DATATYPES.items()
        ]
        return {
            "name": self._name,
            "versions": [self.version],
            "platform": PLATFORM,
            "inputs": [{"name": INPUT, "datatype": "BYTES", "shape": [-1]}],
            "outputs": outputs,
        }

    def respond_with(self, value: object, version: str) -> Response:
        """Return a response that holds a value, or 404 for a version that is not served."""
        try:
            self._check(version)
        except NotFoundError as error:
            return error_response(error, KIND)
        return Response(render_json(value), outcome=Outcome(KIND))

    def infer(self, request: Request, version: str | None) -> Response:
        """Answer an inference request; None stands for any version."""
        try:
            if version is not None:
                self._check(version)
            return self._infer(request)
        except RequestError as error:
            return error_response(error, KIND)

    def _infer(self, request: Request) -> Response:
        body = request.read_body(self._settings.max_body_bytes)
        inference = InferenceRequest.parse(
            request.content_type, request.header(_HEADER_KEY), body, self._settings
        )
        query = inference.query
        predictions = self._model.predict(query.utterances, top_k=query.top_k)
        results = render_predictions(query, predictions, self._model)
        response = render_results(inference, results, self.version, self._name)
        act = results[0].get("act") if len(results) == 1 else None
        return response._replace(headers=(*response.headers, *act_header(act)))

    def _check(self, version: str) -> None:
        if version != self.version:
            raise NotFoundError("No such version of the model")
