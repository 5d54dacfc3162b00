"""The contract in OpenAPI 3.1: ``static/openapi.json`` with the limits and names in force."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flask import Flask
from flask import Response as FlaskResponse

from func.handler import IntentFunction
from func.messages import JSON
from func.protocols.event_replies import CLASSIFIED, OUT_OF_SCOPE_TYPE, REJECTED
from func.protocols.json_codec import render_json
from func.settings import Settings
from func.version import VERSION
from func.web.open_inference_routes import model_version

SOURCE = Path(__file__).parents[1] / "static" / "openapi.json"


def add_routes(app: Flask, function: IntentFunction) -> None:
    """Add the route of the description to the app around a function whose model is loaded."""
    body = render_json(describe(function.settings, model_version(function.model.card)))
    app.add_url_rule("/openapi.json", "openapi", lambda: FlaskResponse(body, content_type=JSON))


def describe(settings: Settings, version: str) -> dict[str, Any]:
    """Return the description.

    Args:
        settings: the limits, and the names of the replies' types and source.
        version: the model's, in the Open Inference Protocol.
    """
    description: dict[str, Any] = json.loads(SOURCE.read_text(encoding="utf-8"))
    description["info"]["version"] = VERSION
    schemas = description["components"]["schemas"]
    schemas["Text"]["maxLength"] = settings.max_text_length
    for name in ("Texts", "NestedTexts", "Events"):
        schemas[name]["maxItems"] = settings.max_batch_size
    schemas["Shape"]["prefixItems"][0]["maximum"] = settings.max_batch_size
    schemas["Version"]["enum"] = [version]
    reply = schemas["Reply"]["properties"]
    reply["source"]["const"] = settings.event_source
    kinds = (CLASSIFIED, OUT_OF_SCOPE_TYPE, REJECTED)
    reply["type"]["enum"] = [f"{settings.event_type_prefix}.{kind}" for kind in kinds]
    return description
