"""The app of the desk: its page, its views, and who may use them."""

from __future__ import annotations

from http import HTTPStatus

from flask import Flask, Response, request

from model.desk.access import refusal
from model.desk.errors import DeskError
from model.desk.page import page
from model.desk.session import Session
from model.desk.views import Views
from model.errors import DataError

MAX_BODY_BYTES = 1024 * 1024
HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
PAGE = "page"

Refusal = tuple[dict[str, str], int]


def create_app(session: Session, token: str) -> Flask:
    """Build the app; all requests but that for the page need the token."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES

    def check_access() -> Refusal | None:
        reason = refusal(dict(request.headers), None if request.endpoint == PAGE else token)
        return None if reason is None else ({"error": reason}, HTTPStatus.FORBIDDEN)

    app.before_request(check_access)
    app.after_request(_add_headers)
    app.register_error_handler(DeskError, _refuse)
    app.register_error_handler(DataError, _refuse_data)
    app.register_error_handler(OSError, _refuse_writing)
    app.add_url_rule("/", PAGE, page)
    views = Views(session)
    for path, view in (
        ("/api/state", views.state),
        ("/api/findings", views.findings),
        ("/api/intents", views.intents),
        ("/api/utterances", views.utterances),
        ("/api/comparison", views.comparison),
    ):
        app.add_url_rule(path, view_func=view)
    for path, view in (
        ("/api/decide", views.decide),
        ("/api/undo", views.undo),
        ("/api/reload", views.reload),
        ("/api/train", views.train),
        ("/api/cancel", views.cancel),
        ("/api/adopt", views.adopt),
    ):
        app.add_url_rule(path, view_func=view, methods=["POST"])
    return app


def _add_headers(response: Response) -> Response:
    response.headers.update(HEADERS)
    return response


def _refuse(error: DeskError) -> Refusal:
    return {"error": str(error)}, error.status


def _refuse_data(error: DataError) -> Refusal:
    return {"error": str(error.problems[0])}, HTTPStatus.CONFLICT


def _refuse_writing(error: OSError) -> Refusal:
    reason = error.strerror or "failed"
    return {"error": f"A file can't be written: {reason}"}, HTTPStatus.INTERNAL_SERVER_ERROR
