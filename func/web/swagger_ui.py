"""``GET /docs``: the contract in Swagger UI, without requests to other hosts.

The files of Swagger UI come from the package flask-swagger-ui, which follows its releases. The
page does not: that package's own has its configuration inline, which the policy below forbids.
"""

from __future__ import annotations

import gzip
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from flask import Flask, request
from flask import Response as FlaskResponse
from werkzeug.exceptions import NotFound

from func.handler import IntentFunction

STATIC = Path(__file__).parents[1] / "static"
MEDIA_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
DAY_S = 24 * 60 * 60


def add_routes(app: Flask, _: IntentFunction) -> None:
    """Add the page and its files to the app."""
    app.add_url_rule("/docs", "docs", _page)
    app.add_url_rule("/docs/<asset>", "docs_asset", _asset)


def _page() -> FlaskResponse:
    content = (STATIC / "docs.html").read_bytes()
    headers = {**SECURITY_HEADERS, "Cache-Control": "no-cache"}
    return FlaskResponse(content, content_type="text/html; charset=utf-8", headers=headers)


def _asset(asset: str) -> FlaskResponse:
    path = _assets().get(asset)
    if path is None:
        raise NotFound
    is_compressed = request.accept_encodings.best_match(["gzip"]) is not None
    response = FlaskResponse(
        _content(path, is_compressed=is_compressed),
        content_type=MEDIA_TYPES[path.suffix],
        headers={
            **SECURITY_HEADERS,
            "Cache-Control": f"public, max-age={DAY_S}",
            "Vary": "Accept-Encoding",
        },
    )
    if is_compressed:
        response.content_encoding = "gzip"
    response.add_etag()
    response.make_conditional(request)
    return response


@lru_cache
def _assets() -> dict[str, Path]:
    package = find_spec("flask_swagger_ui")  # not imported: only its files are needed
    [folder] = (package and package.submodule_search_locations) or [""]
    names = ("swagger-ui.css", "swagger-ui-bundle.js")
    return {"start.js": STATIC / "docs.js"} | {name: Path(folder, "dist", name) for name in names}


@lru_cache
def _content(path: Path, *, is_compressed: bool) -> bytes:
    content = path.read_bytes()
    return gzip.compress(content, mtime=0) if is_compressed else content
