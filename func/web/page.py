"""The pages for people: self-contained HTML, and headers that restrict it to its own server."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from flask import Response as FlaskResponse
from flask import request

PATH = Path(__file__).parents[1] / "static" / "page" / "page.html"

_REFERENCE = re.compile(
    rb'<link rel="stylesheet" href="(?P<style>[a-z]+\.css)">'
    rb'|<script src="(?P<script>[a-z]+\.js)"></script>'
)
_INLINE = re.compile(rb"<(script|style)>(.*?)</\1>", re.DOTALL)
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
        policy: its Content-Security-Policy (CSP Level 3), which allows only the page's own scripts
            and style, by their hashes.
    """

    body: bytes
    policy: str

    @classmethod
    def load(cls, path: Path = PATH) -> Self:
        """Load a page with the scripts and the style that it references beside it."""
        return cls.of(path.read_bytes(), path.parent)

    @classmethod
    def of(cls, html: bytes, folder: Path) -> Self:
        """Return the page of HTML that references scripts and a style in a folder."""
        body = _inlined(html, folder)
        return cls(body, _policy(body))

    def response(self) -> FlaskResponse:
        """Return the response to the current request: 304 if the client has this version."""
        response = FlaskResponse(
            self.body, content_type="text/html; charset=utf-8", headers=_HEADERS
        )
        response.headers["Content-Security-Policy"] = self.policy
        response.add_etag()
        response.make_conditional(request)
        return response


def _inlined(html: bytes, folder: Path) -> bytes:
    def content(match: re.Match[bytes]) -> bytes:
        tag = match.lastgroup or ""
        code = (folder / match[tag].decode()).read_bytes()
        return b"<%b>\n%b</%b>" % (tag.encode(), code, tag.encode())

    return _REFERENCE.sub(content, html)


def _policy(body: bytes) -> str:
    hashes: dict[bytes, list[str]] = {b"script": [], b"style": []}
    for tag, code in _INLINE.findall(body):
        hashes[tag].append(_hash(code))
    sources = {
        "default-src": "'none'",
        "script-src": " ".join(hashes[b"script"]) or "'none'",
        "style-src": " ".join(hashes[b"style"]),
        "img-src": "data:",  # the icon
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    return "; ".join(f"{name} {source}" for name, source in sources.items())


def _hash(code: bytes) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(code).digest()).decode()}'"
