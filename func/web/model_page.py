"""``GET /model``: the model card, as JSON for programs and as a page for people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Flask, request
from flask import Response as FlaskResponse
from jinja2 import Environment, StrictUndefined

from func.handler import IntentFunction
from func.messages import JSON
from func.web.page import PATH, Page
from model.inference.model_card import IntentDescription, ModelCard

TEMPLATE = PATH.with_name("model.html")
HTML = "text/html"
# Browsers send 150 characters. werkzeug's time grows with the square of a header's spaces.
MAX_ACCEPT = 1024
RESULTS: Mapping[str, str] = {
    "accuracy": "of the test messages get the right intent",
    "rejected": "of the good test messages are taken for out of scope",
    "out_of_scope_recall": "of the out-of-scope test messages are recognised",
}


def add_routes(app: Flask, function: IntentFunction) -> None:
    """Add the route to the app around a function whose model is loaded."""
    card = function.model.card
    page = Page.of(render(card), TEMPLATE.parent)

    def respond() -> FlaskResponse:
        if _prefers_html():
            response = page.response()
        else:
            response = FlaskResponse(card.to_json(), content_type=JSON)
        response.vary.add("Accept")
        return response

    app.add_url_rule("/model", "model", respond)


def render(card: ModelCard) -> bytes:
    """Return the card as HTML, without its style."""
    environment = Environment(autoescape=True, trim_blocks=True, undefined=StrictUndefined)
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    metrics = _mapping(card.training, "metrics")
    scores = {
        each.get("intent"): f"{f1:.1%}"
        for each in _dicts(metrics.get("intents"))
        if isinstance(f1 := each.get("f1"), float)
    }
    return template.render(
        card=card,
        created=_date(card.training.get("created")),
        utterances=_mapping(card.training, "data").get("train"),
        results=[
            (f"{share:.1%}", text)
            for name, text in RESULTS.items()
            if isinstance(share := metrics.get(name), float)
        ],
        intents=[(each, card.intents.get(each, IntentDescription())) for each in card.labels],
        scores=scores,
    ).encode()


def _prefers_html() -> bool:
    """Return whether the client of the current request prefers a page to JSON.

    A header that is longer than any client's is not read, and prefers nothing.
    """
    if len(request.headers.get("Accept", "")) > MAX_ACCEPT:
        return False
    return request.accept_mimetypes.best_match((JSON, HTML), default=JSON) == HTML


# The training record is free in form: another program may have written the card.
def _mapping(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = record.get(name)
    return value if isinstance(value, dict) else {}


def _dicts(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _date(value: object) -> str:
    try:
        created = datetime.fromisoformat(str(value))
    except ValueError:
        return ""
    return f"{created.day} {created:%B %Y}"
