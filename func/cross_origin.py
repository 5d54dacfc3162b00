"""Requests that come from another origin: browsers ask by CORS, clouds by a handshake.

Both ask with OPTIONS before they send anything, and without a token.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

ANY = "*"
METHODS = "GET, POST"
# Chromium keeps a permission for at most two hours.
MAX_AGE_S = "7200"

Headers = list[tuple[str, str]]

_HEADER_NAMES = re.compile(r"[0-9A-Za-z!#$%&'*+.^_`|~, -]{1,1000}")


class CrossOrigin:
    """Decides which origins may send requests."""

    def __init__(self, cors_origins: Collection[str], webhook_origins: Collection[str]) -> None:
        """Allow origins of pages, and of senders of events; ``*`` stands for any."""
        self._cors, self._webhook = frozenset(cors_origins), frozenset(webhook_origins)

    def headers(self, environ: Mapping[str, Any]) -> Headers:
        """Return the headers by which a browser lets a page read a response (Fetch, CORS)."""
        if not self._cors:
            return []
        if ANY in self._cors:
            allowed = ANY
        else:
            allowed = origin if (origin := environ.get("HTTP_ORIGIN")) in self._cors else ""
        vary = [] if allowed == ANY else [("Vary", "Origin")]
        if not allowed:
            return vary
        # No credentials of the browser's own are involved, so that "*" means all headers.
        return [
            ("Access-Control-Allow-Origin", allowed),
            ("Access-Control-Expose-Headers", ANY),
            *vary,
        ]

    def permission(self, environ: Mapping[str, Any]) -> Headers | None:
        """Return the headers that allow what an OPTIONS request asks for; None to refuse it."""
        if (origin := environ.get("HTTP_WEBHOOK_REQUEST_ORIGIN")) is not None:
            return self._webhook_permission(origin)
        if (origin := environ.get("HTTP_ORIGIN")) is None:
            return [("Allow", METHODS)]
        if origin not in self._cors and ANY not in self._cors:
            return None
        names = environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "")
        headers = [("Access-Control-Allow-Methods", METHODS), ("Access-Control-Max-Age", MAX_AGE_S)]
        if _HEADER_NAMES.fullmatch(names):
            headers.append(("Access-Control-Allow-Headers", names))
        return headers

    def _webhook_permission(self, origin: str) -> Headers | None:
        """Return the headers of a granted validation (CloudEvents HTTP webhooks 1.0, section 4)."""
        if ANY not in self._webhook and origin.lower() not in self._webhook:
            return None
        allowed = ANY if ANY in self._webhook else origin
        return [
            ("Allow", "POST"),
            ("WebHook-Allowed-Origin", allowed),
            ("WebHook-Allowed-Rate", ANY),
        ]
