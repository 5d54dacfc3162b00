"""The desk's page: one file, whose policy allows its own script and style and nothing else."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Self

from flask import Response

PATH = Path(__file__).with_name("desk.html")


@dataclass(frozen=True, slots=True)
class Page:
    """A self-contained page.

    Attributes:
        body: the HTML.
        policy: its Content-Security-Policy.
    """

    body: bytes
    policy: str

    @classmethod
    def load(cls) -> Self:
        """Read the page."""
        body = PATH.read_bytes()
        script, style = (_source(body, tag) for tag in ("script", "style"))
        policy = (
            f"default-src 'none'; script-src {script}; style-src {style}; connect-src 'self'; "
            "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
            "require-trusted-types-for 'script'; trusted-types 'none'"
        )
        return cls(body, policy)

    def response(self) -> Response:
        """Return the response with the page."""
        headers = {"Content-Security-Policy": self.policy}
        return Response(self.body, content_type="text/html; charset=utf-8", headers=headers)


def _source(body: bytes, tag: str) -> str:
    """Return the source of the inline element of a tag, by its hash (CSP Level 3)."""
    _, _, rest = body.partition(f"<{tag}>".encode())
    content, _, _ = rest.partition(f"</{tag}>".encode())
    return f"'sha256-{b64encode(sha256(content).digest()).decode()}'"
