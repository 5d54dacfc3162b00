"""An issuer of tokens, which publishes its keys over HTTP."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from tests.support.stores.servers import QuietHandler, serving
from tests.support.timeouts import TIMEOUT_S

AUDIENCE = "intent-namespace/intent-classifier"
KEY = rsa.generate_private_key(65537, 2048)
OTHER_KEY = rsa.generate_private_key(65537, 2048)
CURVE_KEY = ec.generate_private_key(ec.SECP256R1())
PUBLISHED: dict[str, Any] = {
    **RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True),
    "kid": "rsa",
    "use": "sig",
    "alg": "RS256",
}
PUBLISHED_CURVE: dict[str, Any] = {
    **ECAlgorithm.to_jwk(CURVE_KEY.public_key(), as_dict=True),
    "kid": "curve",
}


@dataclass
class Issuer:
    """An issuer whose answers tests choose.

    Attributes:
        port, scheme: where it listens.
        keys: that it publishes.
        configuration: members of its discovery document that differ from the usual ones.
        status: of its responses.
        body: in place of each document, unless it is None.
        requests: the paths that it was asked for.
        may_answer: lets its responses go out; set at first.
    """

    port: int = 0
    scheme: str = "http"
    keys: list[Any] = field(default_factory=lambda: [PUBLISHED, PUBLISHED_CURVE])
    configuration: dict[str, object] = field(default_factory=dict)
    status: int = 200
    body: bytes | None = None
    requests: list[str] = field(default_factory=list)
    may_answer: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """The issuer, as its tokens name it."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def settings(self) -> dict[str, str]:
        """The settings of a function that trusts this issuer."""
        return {"oidc_issuer": self.url, "oidc_audience": AUDIENCE}

    def documents(self) -> dict[str, object]:
        """Return what it publishes, by path."""
        configuration = {"issuer": self.url, "jwks_uri": f"{self.url}/keys", **self.configuration}
        return {"/.well-known/openid-configuration": configuration, "/keys": {"keys": self.keys}}

    def token(
        self,
        *,
        key: Any = KEY,
        algorithm: str = "RS256",
        key_id: str | None = "rsa",
        **claims: object,
    ) -> str:
        """Return a token as a Trigger sends it; a claim that is None is left out."""
        usual = {"iss": self.url, "aud": [AUDIENCE], "exp": int(time.time()) + 600, "sub": "x"}
        stated = {name: value for name, value in {**usual, **claims}.items() if value is not None}
        headers = {"kid": key_id} if key_id else None
        return jwt.encode(stated, key, algorithm=algorithm, headers=headers)

    def header(self, **options: Any) -> str:
        """Return the Authorization of a request with a token."""
        return f"Bearer {self.token(**options)}"


@contextmanager
def issuer_server(tls: ssl.SSLContext | None = None) -> Iterator[Issuer]:
    """Serve an issuer's documents, over TLS if there is a context for it."""
    issuer = Issuer(scheme="https" if tls else "http")
    issuer.may_answer.set()

    class Handler(QuietHandler):
        def respond(self) -> None:
            issuer.requests.append(self.path)
            issuer.may_answer.wait(TIMEOUT_S)
            usual = json.dumps(issuer.documents().get(self.path)).encode()
            self.answer(issuer.status, usual if issuer.body is None else issuer.body)

    with serving(Handler, tls) as issuer.port:
        yield issuer
        issuer.may_answer.set()
