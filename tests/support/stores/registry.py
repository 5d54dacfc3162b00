"""A registry that follows the OCI Distribution Specification 1.1, with tokens and its checks."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from tests.support.stores.servers import QuietHandler, serving

USER = "robot:secret"
BASE = "/v2/team/intent/"


@dataclass
class Registry:
    """The content of a registry.

    Attributes:
        blobs, manifests: by ``sha256:DIGEST``; manifests also by tag.
        uploads: the sessions that have begun.
        auth: "", "basic" or "bearer": what it asks for.
        scopes: the scopes of the tokens that were asked for.
        upload_url: where uploads are sent; "" for the registry itself.
        storage_port: where blobs are redirected to; 0 answers them directly.
        port: the server's.
    """

    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, bytes] = field(default_factory=dict)
    uploads: set[str] = field(default_factory=set)
    auth: str = ""
    scopes: list[str] = field(default_factory=list)
    upload_url: str = ""
    storage_port: int = 0
    port: int = 0

    @property
    def uri(self) -> str:
        """The URI of a repository."""
        return f"oci://127.0.0.1:{self.port}/team/intent"


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class _Handler(QuietHandler):
    """Answers requests to the repository ``team/intent``."""

    registry: Registry

    def respond(self) -> None:
        """Answer a request."""
        content, place = self.body(), urlsplit(self.path)
        if place.path == "/token":
            self._issue_token(parse_qs(place.query))
        elif self._is_allowed():
            kind, _, reference = place.path.removeprefix(BASE).partition("/")
            match self.command, kind:
                case "POST", _:
                    self._begin_upload()
                case "PUT", "manifests":
                    self._put_manifest(reference, content)
                case "PUT", _:
                    self._end_upload(reference, parse_qs(place.query)["digest"], content)
                case _:
                    self._read(kind, reference)

    def _begin_upload(self) -> None:
        session = uuid.uuid4().hex
        self.registry.uploads.add(session)
        own = f"{BASE}blobs/uploads/{session}?state=1"
        self.answer(202, Location=self.registry.upload_url or own)

    def _end_upload(self, reference: str, digests: list[str], content: bytes) -> None:
        session = reference.removeprefix("uploads/")
        if session not in self.registry.uploads or digests != [_digest(content)]:
            self.answer(400)
            return
        self.registry.uploads.remove(session)
        self.registry.blobs[_digest(content)] = content
        self.answer(201)

    def _put_manifest(self, reference: str, content: bytes) -> None:
        fields = json.loads(content)
        needed = {layer["digest"] for layer in (fields["config"], *fields["layers"])}
        is_named = reference in (_digest(content), reference.replace(":", ""))
        is_typed = self.headers["Content-Type"] == fields["mediaType"]
        if not is_named or not is_typed or not needed <= self.registry.blobs.keys():
            self.answer(400)
            return
        self.registry.manifests |= {reference: content, _digest(content): content}
        self.answer(201)

    def _read(self, kind: str, reference: str) -> None:
        content = getattr(self.registry, kind).get(reference)
        port = self.registry.storage_port
        if content is None or (kind == "manifests" and not self._accepts(content)):
            self.answer(404)
        elif kind == "blobs" and port and self.command == "GET":
            self.answer(307, Location=f"http://127.0.0.1:{port}/{reference}?signature=x")
        else:
            self.answer(200, content)

    def _accepts(self, manifest: bytes) -> bool:
        """Return whether the client accepts a manifest's type; registries hide others from it."""
        return bool(self.headers["Accept"] == json.loads(manifest)["mediaType"])

    def _is_allowed(self) -> bool:
        sent = self.headers.get("Authorization", "")
        realm = f"http://127.0.0.1:{self.registry.port}/token"
        challenges = {
            "basic": (_basic(), 'Basic realm="registry"'),
            "bearer": ("Bearer good", f'Bearer realm="{realm}",service="registry"'),
        }
        wanted, challenge = challenges.get(self.registry.auth, (sent, ""))
        if sent != wanted:
            self.answer(401, WWW_Authenticate=challenge)
        return bool(sent == wanted)

    def _issue_token(self, query: dict[str, list[str]]) -> None:
        self.registry.scopes += query["scope"]
        is_known = self.headers.get("Authorization") == _basic()
        if is_known and query["service"] == ["registry"]:
            self.answer(200, b'{"token": "good"}')
        else:
            self.answer(403)


def _basic() -> str:
    return f"Basic {base64.b64encode(USER.encode()).decode()}"


@contextmanager
def serving_registry() -> Iterator[Registry]:
    """Serve an empty registry."""
    registry = Registry()
    handler = type("Handler", (_Handler,), {"registry": registry})
    with serving(handler) as registry.port:
        yield registry
