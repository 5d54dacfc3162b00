"""The Open Inference Protocol (v2) over REST, so that its clients work unchanged.

The model's version is the beginning of its SHA-256: whoever asks for a version gets that model.
"""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Any

from flask import Flask, g, request

from func.errors import NotFoundError, RequestError, UnsupportedMediaTypeError
from func.handler import IntentFunction
from func.messages import Headers, Request, Response
from func.protocols.binary_tensors import EXTENSION, LENGTH_HEADER
from func.protocols.json_api import classify, error_answer, render_json
from func.protocols.open_inference import (
    DATATYPES,
    INPUT,
    MODEL_NAME,
    RANKED,
    InferenceRequest,
    render_answers,
)
from func.settings import Settings
from func.version import VERSION
from model.inference.intent_model import IntentModel
from model.inference.model_card import ModelCard

PLATFORM = "scikit-learn"
VERSION_DIGITS = 12

_HEADER_KEY = f"HTTP_{LENGTH_HEADER.upper().replace('-', '_')}"
FlaskAnswer = tuple[bytes, HTTPStatus, Headers]


def add_routes(app: Flask, function: IntentFunction) -> None:
    """Add the protocol's routes to the app around a function whose model is loaded."""
    api = OpenInferenceApi(function.model, function.settings)

    def logged(answer: Response) -> FlaskAnswer:
        answer.log_fields["kind"] = "open-inference"
        g.answer = answer
        return answer.body, answer.status, answer.all_headers

    def add(path: str, value: object) -> None:
        body = render_json(value)
        app.add_url_rule(path, endpoint=path, view_func=lambda: logged(Response(body)))

    def add_version(path: str, value: object) -> None:
        def answer(version: str) -> FlaskAnswer:
            return logged(api.answer_for(version, value))

        app.add_url_rule(path, endpoint=path, view_func=answer)

    def infer(version: str | None = None) -> FlaskAnswer:
        return logged(api.infer(Request.from_environ(request.environ), version))

    model = f"/v2/models/{MODEL_NAME}"
    ready = {"name": MODEL_NAME, "ready": True}
    add("/v2", {"name": "intent-function", "version": VERSION, "extensions": [EXTENSION]})
    # There is no app without a model that has answered its self-test.
    add("/v2/health/live", {"live": True})
    add("/v2/health/ready", {"ready": True})
    for path, value in ((model, api.metadata), (f"{model}/ready", ready)):
        add(path, value)
    for path, value in (("", api.metadata), ("/ready", ready)):
        add_version(f"{model}/versions/<version>{path}", value)
    for path in (f"{model}/infer", f"{model}/versions/<version>/infer"):
        app.add_url_rule(path, endpoint=path, view_func=infer, methods=["POST"])


def model_version(card: ModelCard) -> str:
    """Give the version that a model is served as."""
    return card.model_sha256[:VERSION_DIGITS]


class OpenInferenceApi:
    """Answers inference requests by a model."""

    def __init__(self, model: IntentModel, settings: Settings) -> None:
        self._model = model
        self._settings = settings
        self.version = model_version(model.card)

    @property
    def metadata(self) -> dict[str, Any]:
        """What the model takes and gives; -1 stands for any number."""
        outputs = [
            {"name": name, "datatype": datatype, "shape": [-1, -1] if name in RANKED else [-1]}
            for name, datatype in DATATYPES.items()
        ]
        return {
            "name": MODEL_NAME,
            "versions": [self.version],
            "platform": PLATFORM,
            "inputs": [{"name": INPUT, "datatype": "BYTES", "shape": [-1]}],
            "outputs": outputs,
        }

    def answer_for(self, version: str, value: object) -> Response:
        """Give a value, if the version is the one that is served."""
        try:
            self._check(version)
        except NotFoundError as error:
            return error_answer(error)
        return Response(render_json(value))

    def infer(self, message: Request, version: str | None) -> Response:
        """Answer an inference request; for any version if None."""
        try:
            if version is not None:
                self._check(version)
            return self._infer(message)
        except RequestError as error:
            return error_answer(error)

    def _infer(self, message: Request) -> Response:
        if message.content_encoding.lower() not in ("", "identity"):
            raise UnsupportedMediaTypeError("The Content-Encoding must be identity")
        body = message.read_body(self._settings.max_body_bytes)
        asked = InferenceRequest.parse(
            message.content_type, message.header(_HEADER_KEY), body, self._settings
        )
        answers = classify(asked.query, self._model)
        log_fields: dict[str, object] = {"utterances": len(answers)}
        return replace(
            render_answers(asked, answers, self.version), log_fields=log_fields, predictions=answers
        )

    def _check(self, version: str) -> None:
        if version != self.version:
            raise NotFoundError("No such version of the model")
