from __future__ import annotations

import base64
import json

import pytest

from model.errors import StoreError, StoreMissingError, StoreUnavailableError
from model.store.manifest import Blob, Manifest
from model.store.model_files import ModelFiles, fetch, push
from model.store.registry import RegistryTransport
from model.store.uri import StoreUri
from tests.support.stores.registry import USER, Registry
from tests.support.stores.servers import QuietHandler, serving

CONTENTS = {"intent_model.safetensors": b"arrays", "model_card.json": b"{}"}
FILES = ModelFiles("memory", CONTENTS)


def transport(registry: Registry, tag: str = "") -> RegistryTransport:
    return RegistryTransport(StoreUri.parse(f"{registry.uri}{tag}"))


def log_in(tmp_path, registry: Registry) -> None:
    auths = {f"127.0.0.1:{registry.port}": {"auth": base64.b64encode(USER.encode()).decode()}}
    (tmp_path / "config.json").write_text(json.dumps({"auths": auths}))


@pytest.mark.parametrize("auth", ["", "basic", "bearer"])
def test_a_model_is_pushed_and_fetched(tmp_path, registry, auth):
    """Anonymously, with a password, or with a token that the registry issues for it."""
    registry.auth = auth
    log_in(tmp_path, registry)
    assert push(FILES, transport(registry))
    uri = StoreUri.parse(registry.uri).with_digest(FILES.digest)
    assert fetch(uri).contents == CONTENTS
    assert registry.uploads == set()


def test_tokens_are_asked_for_what_is_done(tmp_path, registry):
    """Reading asks for no right to write."""
    registry.auth = "bearer"
    log_in(tmp_path, registry)
    push(FILES, transport(registry))
    registry.scopes.clear()
    list(transport(registry).open(f"manifests/sha256/{FILES.digest}", 0))
    assert registry.scopes == ["repository:team/intent:pull"]


def test_a_model_that_is_there_already_is_not_written_again(registry):
    """Blobs and manifests are named by their content."""
    push(FILES, transport(registry))
    assert not push(FILES, transport(registry))


def test_a_tag_names_a_manifest(registry):
    """A tag is resolved to the digest that it has now."""
    tagged = transport(registry, ":1.0")
    push(FILES, tagged)
    tagged.set_tag(FILES.manifest.to_bytes())
    assert tagged.tagged_digest() == FILES.digest
    tagged.check_tag(FILES.digest)


def test_a_tag_on_another_model_is_refused(registry):
    """Whoever moves a tag by accident would change what others pull."""
    tagged = transport(registry, ":1.0")
    push(FILES, tagged)
    tagged.set_tag(FILES.manifest.to_bytes())
    with pytest.raises(StoreError, match="has the tag 1\\.0 on @sha256:"):
        tagged.check_tag("0" * 64)


def test_the_digest_of_half_a_manifest_is_no_digest(registry):
    """A manifest that breaks off names no model."""

    class Truncating(QuietHandler):
        def respond(self) -> None:
            self.answer(200, b"{", Content_Length="2")
            self.close_connection = True

    with (
        serving(Truncating) as registry.port,
        pytest.raises(StoreUnavailableError, match="could not be reached or broke off"),
    ):
        transport(registry, ":1.0").tagged_digest()


def test_a_new_tag_may_be_set(registry):
    """A tag that does not exist names no other model."""
    transport(registry, ":1.0").check_tag(FILES.digest)


def test_blobs_may_lie_elsewhere(tmp_path, registry):
    """A redirect to another server is followed, and credentials are not sent there."""
    seen = []

    class Storage(QuietHandler):
        def respond(self) -> None:
            seen.append(self.headers.get("Authorization"))
            self.answer(200, b"arrays")

    registry.auth = "bearer"
    log_in(tmp_path, registry)
    push(FILES, transport(registry))
    with serving(Storage) as registry.storage_port:
        blob = f"blobs/sha256/{Blob.of(b'arrays').digest}"
        assert b"".join(transport(registry).open(blob, 0)) == b"arrays"
    assert seen == [None]


def test_an_upload_elsewhere_gets_no_credentials(tmp_path, registry):
    """The registry names the place of an upload; its credentials are for the registry alone."""
    seen = []

    class Storage(QuietHandler):
        def respond(self) -> None:
            seen.append((self.body(), self.headers.get("Authorization")))
            self.answer(201)

    registry.auth = "basic"
    log_in(tmp_path, registry)
    with serving(Storage) as port:
        registry.upload_url = f"http://localhost:{port}/session"
        transport(registry).put("blobs/sha256/x", b"arrays")
    assert seen == [(b"arrays", None)]


def test_an_upload_elsewhere_gets_no_credentials_for_asking(tmp_path, registry):
    """Its challenge may name any token service, which would receive them."""
    seen = []

    class Storage(QuietHandler):
        def respond(self) -> None:
            seen.append(self.headers.get("Authorization"))
            realm = f"http://{self.headers['Host']}/token"
            self.answer(401, WWW_Authenticate=f'Bearer realm="{realm}"')

    registry.auth = "basic"
    log_in(tmp_path, registry)
    with serving(Storage) as port:
        registry.upload_url = f"http://localhost:{port}/session"
        with pytest.raises(StoreError, match="the server answers 401"):
            transport(registry).put("blobs/sha256/x", b"arrays")
    assert seen == [None]


def test_an_upload_without_encryption_is_refused(registry):
    """Files go where the registry's own scheme leads, or over HTTPS."""
    registry.upload_url = "ftp://elsewhere.example/session"
    with pytest.raises(StoreError, match="refers to a place without encryption"):
        transport(registry).put("blobs/sha256/x", b"arrays")


@pytest.mark.parametrize("auth", ["basic", "bearer"])
def test_without_credentials_the_registry_refuses(registry, auth):
    """The error names the place and what to check."""
    registry.auth = auth
    with pytest.raises(StoreError, match=r"may not be used: the server answers 40[13]"):
        list(transport(registry).open("manifests/sha256/x", 0))


def test_a_missing_manifest_is_named(registry):
    """A digest that the registry does not hold is an error of its own."""
    with pytest.raises(StoreMissingError, match="manifests/sha256:x does not exist"):
        list(transport(registry).open("manifests/sha256/x", 0))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        pytest.param(b"[" * 100_000, id="deep"),
        b'{"token": 1}',
        b'{"token": "good\\r\\nX: y"}',
        b'{"token": "go\xc3\xb6d"}',
    ],
)
def test_an_answer_without_a_token_is_refused(registry, body):
    """A token service that answers with something else, or no token for a header, is named."""

    class Tokens(QuietHandler):
        def respond(self) -> None:
            if self.path.startswith("/token"):
                self.answer(200, body)
            else:
                realm = f"http://127.0.0.1:{registry.port}/token"
                self.answer(401, WWW_Authenticate=f'Bearer realm="{realm}"')

    with serving(Tokens) as registry.port, pytest.raises(StoreError, match="answers with no token"):
        list(transport(registry).open("manifests/sha256/x", 0))


def test_a_token_service_of_another_scheme_gets_no_password(registry):
    """A password is not sent to where the registry's own scheme does not lead."""

    class Redirecting(QuietHandler):
        def respond(self) -> None:
            self.answer(401, WWW_Authenticate='Bearer realm="ftp://elsewhere.example/token"')

    with (
        serving(Redirecting) as registry.port,
        pytest.raises(StoreError, match="asks for credentials without encryption"),
    ):
        list(transport(registry).open("manifests/sha256/x", 0))


def test_a_token_service_that_has_no_url_is_named(registry):
    """A challenge that can't be followed is an error of the registry."""

    class Challenging(QuietHandler):
        def respond(self) -> None:
            self.answer(401, WWW_Authenticate='Bearer realm="http://["')

    with (
        serving(Challenging) as registry.port,
        pytest.raises(StoreError, match="refers to something that is no URL"),
    ):
        list(transport(registry).open("manifests/sha256/x", 0))


@pytest.mark.parametrize(
    "uri", ["oci://host", "oci://host/Upper", "oci://host/a:b:c", "oci://host/a//b"]
)
def test_a_malformed_repository_is_refused(uri):
    """Names of repositories and tags are those of the specification."""
    uri = StoreUri.parse(uri)
    with pytest.raises(StoreError, match="is no repository: use oci://REGISTRY/REPOSITORY:TAG"):
        RegistryTransport(uri)


def test_a_remote_registry_is_asked_over_https():
    """Only a registry of this machine may speak plain HTTP; Docker Hub has a server of its own."""
    remote = RegistryTransport(StoreUri.parse("oci://docker.io/team/intent"))
    assert remote.base_url == "https://registry-1.docker.io/v2/team/intent"


def test_the_manifest_is_that_of_other_stores(registry):
    """The digest of a model is the same in a registry as elsewhere."""
    push(FILES, transport(registry))
    [stored] = set(registry.manifests.values())
    assert Manifest.from_bytes(stored, "registry").digest == FILES.digest
