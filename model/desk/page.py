"""The desk's page: one file, whose policy allows its own script and style and nothing else."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from flask import Response

PATH = Path(__file__).with_name("desk.html")


def page() -> Response:
    """Return the response with the page."""
    body = PATH.read_bytes()
    script, style = (_source(body, tag) for tag in ("script", "style"))
    policy = (
        f"default-src 'none'; script-src {script}; style-src {style}; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    headers = {"Content-Security-Policy": policy}
    return Response(body, content_type="text/html; charset=utf-8", headers=headers)


def _source(body: bytes, tag: str) -> str:
    """Return the source of the inline element of a tag, by its hash (CSP Level 3)."""
    _, _, rest = body.partition(f"<{tag}>".encode())
    content, _, _ = rest.partition(f"</{tag}>".encode())
    return f"'sha256-{b64encode(sha256(content).digest()).decode()}'"
