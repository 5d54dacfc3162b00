"""The keys that an issuer publishes (OpenID Connect Discovery 1.0)."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from contextlib import closing
from typing import Any

from jwt import PyJWK

from func.outgoing.errors import NoAnswerError
from func.outgoing.http_client import HttpClient
from func.settings import ISSUER_URL

TIMEOUT_S = 5.0  # for both requests together
DISCOVERY = "/.well-known/openid-configuration"
# Signatures with a private key only: whoever knows an HMAC's key, or none, could sign as well.
ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
)


def fetch_keys(issuer: str, timeout_s: float = TIMEOUT_S) -> Mapping[str, PyJWK]:
    """Return the keys of an issuer by their ids.

    Raises:
        NoAnswerError: the issuer does not answer in time, or publishes no usable key.
    """
    deadline = time.monotonic() + timeout_s
    configuration = _fetch(issuer.rstrip("/") + DISCOVERY, deadline)
    uri = configuration.get("jwks_uri")
    # Section 4.3: another issuer's document must not be used.
    if configuration.get("issuer") != issuer or not isinstance(uri, str):
        raise NoAnswerError("malformed")
    if not re.fullmatch(ISSUER_URL, uri):
        raise NoAnswerError("malformed")
    published = _fetch(uri, deadline).get("keys")
    keys = dict(filter(None, map(_usable, published if isinstance(published, list) else [])))
    if not keys:
        raise NoAnswerError("malformed")
    return keys


def _fetch(url: str, deadline: float) -> dict[str, Any]:
    with closing(HttpClient(url)) as client:
        content = client.get(deadline)
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise NoAnswerError("malformed") from error
    if not isinstance(document, dict):
        raise NoAnswerError("malformed")
    return document


def _usable(published: Any) -> tuple[str, PyJWK] | None:
    """Return a key with its id; None for one that verifies no signatures, or not as we do."""
    match published:
        case {"kid": str(kid)} if published.get("use", "sig") == "sig":
            try:
                key = PyJWK.from_dict(published)
            except Exception:  # noqa: BLE001 - of any type: an odd key must not cost the others
                return None
            return (kid, key) if key.algorithm_name in ALGORITHMS else None
    return None
