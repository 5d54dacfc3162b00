"""The try-it page: one file, and headers that restrict it to its own server."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from flask import Response as FlaskResponse
from flask import request

PATH = Path(__file__).parents[1] / "static" / "page.html"

_INLINE = re.compile(rb"<(?P<tag>script|style)>(?P<code>.*?)</(?P=tag)>", re.DOTALL)
_HEADERS = {
    "Cache-Control": "no-cache",  # cached, but revalidated: a new version shows at once
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Page:
    """A self-contained HTML page.

    Attributes:
        body: the HTML.
        policy: its Content-Security-Policy (CSP Level 3), which allows only the file's own script
            and style, by their hashes.
    """

    body: bytes
    policy: str

    @classmethod
    def load(cls, path: Path = PATH) -> Self:
        """Load a page and hash its inline script and style."""
        body = path.read_bytes()
        hashes = {match["tag"].decode(): _hash(match["code"]) for match in _INLINE.finditer(body)}
        return cls(body, _policy(hashes))

    def response(self) -> FlaskResponse:
        """Return the response to the current request: 304 if the client has this version."""
        response = FlaskResponse(
            self.body, content_type="text/html; charset=utf-8", headers=_HEADERS
        )
        response.headers["Content-Security-Policy"] = self.policy
        response.add_etag()
        response.make_conditional(request)
        return response


def _hash(code: bytes) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(code).digest()).decode()}'"


def _policy(hashes: Mapping[str, str]) -> str:
    sources = {
        "default-src": "'none'",
        "script-src": hashes["script"],
        "style-src": hashes["style"],
        "img-src": "data:",  # the icon
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    return "; ".join(f"{name} {source}" for name, source in sources.items())
