"""The contract in OpenAPI 3.1: the files in ``static`` with the limits and names in force."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flask import Flask
from flask import Response as FlaskResponse

from func.handler import IntentFunction
from func.messages import JSON
from func.protocols.event_replies import CLASSIFIED, OUT_OF_SCOPE_TYPE, REJECTED
from func.protocols.json_codec import render_json
from func.settings import MODEL_NAME, Settings
from func.version import VERSION
from func.web.open_inference_routes import model_version
from model.inference.prediction import OUT_OF_SCOPE

STATIC = Path(__file__).parents[1] / "static"
NAMED_PATHS = {
    "/predict": "/models/{name}/predict",
    f"/v1/models/{MODEL_NAME}:predict": "/v1/models/{name}:predict",
    f"/v1/models/{MODEL_NAME}": "/v1/models/{name}",
}
NAMED_IN_BODY = ("/v1/systemone", "/v1/decisions", "/classify")
NAME = {
    "name": "name",
    "in": "path",
    "required": True,
    "description": "The name under which the model is published.",
    "schema": {"type": "string", "minLength": 1},
}
NOT_FOUND = {"$ref": "#/components/responses/NotFound"}
IGNORED = '"description": "Ignored: there is one model."'
NAMED = '"type": ["string", "null"], "description": "The default model, or a published one."'
SOURCE, DIALECTS = STATIC / "openapi.json", STATIC / "openapi_dialects.json"


def add_routes(app: Flask, function: IntentFunction) -> None:
    """Add the route of the description to the app around a function whose model is loaded."""
    card = function.model.card
    body = render_json(describe(function.settings, model_version(card), card.labels))
    app.add_url_rule("/openapi.json", "openapi", lambda: FlaskResponse(body, content_type=JSON))


def describe(settings: Settings, version: str, labels: Sequence[str]) -> dict[str, Any]:
    """Return the description, with the model's version in the Open Inference Protocol."""
    description: dict[str, Any] = json.loads(SOURCE.read_text(encoding="utf-8"))
    dialects = json.loads(_dialects(settings))
    description["info"]["version"] = VERSION
    description["tags"] += dialects["tags"]
    description["paths"] |= dialects["paths"]
    schemas = description["components"]["schemas"]
    schemas |= dialects["components"]["schemas"]
    schemas["KnownIntent"]["enum"] = [*labels, OUT_OF_SCOPE]
    schemas["Text"]["maxLength"] = settings.max_text_length
    for name in ("Texts", "NestedTexts", "Instances", "Events"):
        schemas[name]["maxItems"] = settings.max_batch_size
    schemas["Shape"]["prefixItems"][0]["maximum"] = settings.max_batch_size
    schemas["Version"]["enum"] = [version]
    reply = schemas["Reply"]["properties"]
    reply["source"]["const"] = settings.event_source
    kinds = (CLASSIFIED, OUT_OF_SCOPE_TYPE, REJECTED)
    reply["type"]["enum"] = [f"{settings.event_type_prefix}.{kind}" for kind in kinds]
    if settings.models_uri:
        _add_named_models(description["paths"])
    return description


def _dialects(settings: Settings) -> str:
    text = DIALECTS.read_text(encoding="utf-8")
    if not settings.models_uri:
        return text
    named = {'"const": "intent-classifier"': '"type": "string"', IGNORED: NAMED}
    return re.sub("|".join(map(re.escape, named)), lambda found: named[found[0]], text)


def _add_named_models(paths: dict[str, Any]) -> None:
    """Describe the paths of published models: those of the default one, with a name."""
    for path, named_path in NAMED_PATHS.items():
        paths[named_path] = {
            method: {
                **operation,
                "operationId": f"{operation['operationId']}OfModel",
                "parameters": [*operation.get("parameters", ()), NAME],
                "responses": {**operation["responses"], "404": NOT_FOUND},
            }
            for method, operation in paths[path].items()
        }
    for path in NAMED_IN_BODY:
        responses = paths[path]["post"]["responses"]
        # In each dialect, all errors have the form of the one for a missing token.
        content = responses["401"]["content"]
        responses["404"] = {"description": "No model has this name.", "content": content}
