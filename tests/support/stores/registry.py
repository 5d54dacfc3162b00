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


@dataclass
class Registry:
    """The content of a registry.

    Attributes:
        blobs, manifests: by ``sha256:DIGEST``; manifests also by tag.
        uploads: the sessions that have begun.
        auth: "", "basic" or "bearer": what it asks for.
        scopes: the scopes of the tokens that were asked for.
        storage_port: where blobs are redirected to; 0 answers them directly.
        port: the server's.
    """

    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, bytes] = field(default_factory=dict)
    uploads: set[str] = field(default_factory=set)
    auth: str = ""
    scopes: list[str] = field(default_factory=list)
    storage_port: int = 0
    port: int = 0

    @property
    def uri(self) -> str:
        """The URI of a repository."""
        return f"oci://127.0.0.1:{self.port}/team/intent"


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _handler(registry: Registry) -> type[QuietHandler]:
    class Handler(QuietHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if path == "/token":
                self._token()
            elif self._is_allowed():
                self._read(path.removeprefix("/v2/team/intent/"))

        do_HEAD = do_GET

        def do_POST(self) -> None:
            self.body()
            if self._is_allowed():
                session = uuid.uuid4().hex
                registry.uploads.add(session)
                self.answer(202, Location=f"/v2/team/intent/blobs/uploads/{session}?state=1")

        def do_PUT(self) -> None:
            content = self.body()
            if not self._is_allowed():
                return
            place = urlsplit(self.path)
            kind, _, reference = place.path.removeprefix("/v2/team/intent/").partition("/")
            if kind == "manifests":
                self._put_manifest(reference, content)
            elif reference.removeprefix("uploads/") not in registry.uploads:
                self.answer(404)
            elif parse_qs(place.query)["digest"] != [_digest(content)]:
                self.answer(400)
            else:
                registry.uploads.remove(reference.removeprefix("uploads/"))
                registry.blobs[_digest(content)] = content
                self.answer(201)

        def _put_manifest(self, reference: str, content: bytes) -> None:
            fields = json.loads(content)
            needed = [layer["digest"] for layer in (fields["config"], *fields["layers"])]
            is_named = reference in (_digest(content), reference.replace(":", ""))
            is_typed = self.headers["Content-Type"] == fields["mediaType"]
            if not is_named or not is_typed or not set(needed) <= registry.blobs.keys():
                self.answer(400)
                return
            registry.manifests |= {reference: content, _digest(content): content}
            self.answer(201)

        def _read(self, path: str) -> None:
            kind, _, reference = path.partition("/")
            content = getattr(registry, kind).get(reference)
            if content is None:
                self.answer(404)
            elif kind == "blobs" and registry.storage_port and self.command == "GET":
                location = f"http://127.0.0.1:{registry.storage_port}/{reference}?signature=x"
                self.answer(307, Location=location)
            else:
                self.answer(200, content)

        def _is_allowed(self) -> bool:
            sent = self.headers.get("Authorization", "")
            basic = f"Basic {base64.b64encode(USER.encode()).decode()}"
            realm = f"http://127.0.0.1:{registry.port}/token"
            challenges = {
                "basic": (basic, 'Basic realm="registry"'),
                "bearer": ("Bearer good", f'Bearer realm="{realm}",service="registry"'),
            }
            wanted, challenge = challenges.get(registry.auth, (sent, ""))
            if sent != wanted:
                self.answer(401, WWW_Authenticate=challenge)
            return sent == wanted

        def _token(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            registry.scopes += query["scope"]
            basic = f"Basic {base64.b64encode(USER.encode()).decode()}"
            is_known = self.headers.get("Authorization") == basic
            if is_known and query["service"] == ["registry"]:
                self.answer(200, b'{"token": "good"}')
            else:
                self.answer(403)

    return Handler


@contextmanager
def serving_registry() -> Iterator[Registry]:
    """Serve an empty registry."""
    registry = Registry()
    with serving(_handler(registry)) as registry.port:
        yield registry
