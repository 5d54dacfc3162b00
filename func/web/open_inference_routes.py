"""The Open Inference Protocol (v2) over REST, so that its clients work unchanged.

The model's version is the beginning of its SHA-256, so a version names one exact model.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from itertools import product

from flask import Flask, g, request

from func.errors import NotFoundError, RequestError
from func.handler import IntentFunction
from func.messages import Headers, Outcome, Request, Response, act_header
from func.models.served_model import VERSION_DIGITS, ServedModel
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
from model.inference.model_card import ModelCard

PLATFORM = "scikit-learn"

_HEADER_KEY = f"HTTP_{LENGTH_HEADER.upper().replace('-', '_')}"


def add_routes(app: Flask, function: IntentFunction) -> None:
    """Add the protocol's routes to the app around a function whose model is loaded."""

    def add(rule: str, answer: Callable[..., Response], method: str = "GET") -> None:
        def view(**arguments: str) -> tuple[bytes, HTTPStatus, Headers]:
            g.response = response = answer(**arguments)
            return response.body, response.status, response.all_headers

        app.add_url_rule(rule, endpoint=rule, view_func=view, methods=[method])

    def ask(
        respond: Callable[[OpenInferenceApi, str | None], Response],
        name: str = "",
        version: str | None = None,
    ) -> Response:
        """Return the response of the model that a path names, or of the default one."""
        try:
            served = function.find_model(name, waits=True) if name else function.default
            return respond(OpenInferenceApi(served, function.settings), version)
        except RequestError as error:
            return error_response(error, KIND)

    server = {"name": "intent-function", "version": VERSION, "extensions": [EXTENSION]}
    add("/v2", partial(_response, server))
    # The app exists only after the model has passed its self-test.
    add("/v2/health/live", partial(_response, {"live": True}))
    add("/v2/health/ready", partial(_response, {"ready": True}))
    models = (MODEL_NAME, "<name>") if function.models else (MODEL_NAME,)
    for name, version in product(models, ("", "/versions/<version>")):
        rule = f"/v2/models/{name}{version}"
        add(rule, partial(ask, OpenInferenceApi.describe))
        add(f"{rule}/ready", partial(ask, OpenInferenceApi.report_ready))
        add(f"{rule}/infer", partial(ask, OpenInferenceApi.infer), "POST")


def model_version(card: ModelCard) -> str:
    """Return the version under which a model is served."""
    return card.model_sha256[:VERSION_DIGITS]


class OpenInferenceApi:
    """Answers the requests about one model; a version of None stands for any."""

    def __init__(self, served: ServedModel, settings: Settings) -> None:
        self._served, self._settings = served, settings
        self._version = served.version or model_version(served.model.card)

    def describe(self, version: str | None) -> Response:
        """Return the inputs and outputs of the model; -1 stands for any number.

        Raises:
            NotFoundError: the version is not served.
        """
        self._check(version)
        outputs = [
            {"name": name, "datatype": datatype, "shape": [-1, -1] if name in RANKED else [-1]}
            for name, datatype in DATATYPES.items()
        ]
        metadata = {
            "name": self._served.name,
            "versions": [self._version],
            "platform": PLATFORM,
            "inputs": [{"name": INPUT, "datatype": "BYTES", "shape": [-1]}],
            "outputs": outputs,
        }
        return _response(metadata)

    def report_ready(self, version: str | None) -> Response:
        """Return that the model is ready; raise as ``describe`` does."""
        self._check(version)
        return _response({"name": self._served.name, "ready": True})

    def infer(self, version: str | None) -> Response:
        """Answer the current request, an inference request; an error becomes a response."""
        try:
            self._check(version)
            response = self._infer(Request.from_environ(request.environ))
        except RequestError as error:
            response = error_response(error, KIND)
        return self._served.signed(response) if self._served.digest else response

    def _infer(self, received: Request) -> Response:
        body = received.read_body(self._settings.max_body_bytes)
        inference = InferenceRequest.parse(
            received.content_type, received.environ.get(_HEADER_KEY), body, self._settings
        )
        query, model = inference.query, self._served.model
        predictions = model.predict(query.utterances, top_k=query.top_k)
        results = render_predictions(query, predictions, model)
        response = render_results(inference, results, self._version, self._served.name)
        act = results[0].get("act") if len(results) == 1 else None
        return response._replace(headers=(*response.headers, *act_header(act)))

    def _check(self, version: str | None) -> None:
        if version not in (None, self._version):
            raise NotFoundError("No such version of the model")


def _response(value: object) -> Response:
    return Response(render_json(value), outcome=Outcome(KIND))
