"""The page that shows the OpenAPI description, and its files."""

from __future__ import annotations

import gzip
import re

import pytest

ASSETS = {
    "start.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
}


def test_page_loads_nothing_from_elsewhere(client):
    """All files of the page are served by the app; its policy forbids any others."""
    response = client.get("/docs")

    named = re.findall(r'(?:src|href)="([^"]+)"', response.text)
    own = [name for name in named if name != "data:,"]
    assert sorted(own) == [
        "docs/start.js",
        "docs/swagger-ui-bundle.js",
        "docs/swagger-ui.css",
        "openapi.json",
    ]
    assert {client.get(f"/{name}").status_code for name in own} == {200}
    assert response.content_type == "text/html; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["Content-Security-Policy"].startswith(
        "default-src 'none'; script-src 'self'; style-src 'self'; "
    )


@pytest.mark.parametrize(("name", "content_type"), ASSETS.items())
def test_files_are_cacheable(client, name, content_type):
    """Files have media types, may be cached for a day, and are not sent again unchanged."""
    first = client.get(f"/docs/{name}")
    again = client.get(f"/docs/{name}", headers={"If-None-Match": first.headers["ETag"]})

    assert (first.status_code, first.content_type) == (200, content_type)
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    assert first.headers["Cache-Control"] == "public, max-age=86400"
    assert (again.status_code, again.data) == (304, b"")


def test_files_are_compressed_for_clients_that_accept_gzip(client):
    """A client that accepts gzip receives a third of the bytes."""
    plain = client.get("/docs/swagger-ui-bundle.js")
    packed = client.get("/docs/swagger-ui-bundle.js", headers={"Accept-Encoding": "gzip"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data) / 3


@pytest.mark.parametrize("name", ["swagger-ui.js", "..%2Fdocs.py", "index.css"])
def test_other_files_are_not_served(client, name):
    """Only the files of the page are served."""
    response = client.get(f"/docs/{name}")

    assert (response.status_code, response.json) == (404, {"error": "Not Found"})
