"""The try-it page: one file, and headers that let it talk to nobody but its own server."""

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
    "Cache-Control": "no-cache",  # kept, but asked for again: a new version is seen at once
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
        body: what is sent.
        policy: its Content-Security-Policy (CSP Level 3), which allows the file's own script and
            style by their hashes, and no other.
    """

    body: bytes
    policy: str

    @classmethod
    def load(cls, path: Path = PATH) -> Self:
        """Read a page, and hash its inline script and style."""
        body = path.read_bytes()
        hashes = {match["tag"].decode(): _hash(match["code"]) for match in _INLINE.finditer(body)}
        return cls(body, _policy(hashes))

    def answer(self) -> FlaskResponse:
        """Answer the request under way; with 304 where the client has this version."""
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
