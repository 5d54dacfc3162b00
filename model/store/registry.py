"""A store in a repository of a container registry (OCI Distribution Specification 1.1)."""

from __future__ import annotations

import base64
import json
import re
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from urllib.parse import urlencode, urljoin, urlsplit

from model.errors import StoreError, StoreMissingError
from model.store.docker_config import basic_credentials
from model.store.download import Downloader
from model.store.http import HttpClient, range_from, rest_of, status_error
from model.store.manifest import MANIFEST_TYPE, MAX_MANIFEST_BYTES, Blob
from model.store.timed_responses import TimedResponse
from model.store.uri import StoreUri

MAX_TOKEN_BYTES = 1024 * 1024
TAG_TIMEOUT_S = 20.0
PLAIN_HOSTS = ("localhost", "127.0.0.1")  # as Docker does: a registry of this machine has no TLS

_REPOSITORY = re.compile(r"(?:[a-z0-9]+(?:[._-]+[a-z0-9]+)*)(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_TOKEN = re.compile(r"[!-~]+")  # as it stands in a header
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


class RegistryTransport:
    """Reads and writes the blobs and manifests of a repository.

    Attributes:
        base_url: of the repository.
        tag: the tag that the URI names; "" without one.
    """

    def __init__(self, uri: StoreUri) -> None:
        """Create a transport that connects at its first use.

        Raises:
            StoreError: the URI names no repository, or Docker's configuration can't be read.
        """
        host, _, repository = uri.place.partition("/")
        repository, _, self.tag = repository.partition(":")
        if not _REPOSITORY.fullmatch(repository) or (self.tag and not _TAG.fullmatch(self.tag)):
            raise StoreError(uri.location, "is no repository: use oci://REGISTRY/REPOSITORY:TAG")
        self._place, self._repository = f"oci://{host}/{repository}", repository
        scheme = "http" if host.partition(":")[0] in PLAIN_HOSTS else "https"
        server = "registry-1.docker.io" if host == "docker.io" else host
        self.base_url = f"{scheme}://{server}/v2/{repository}"
        self._client = HttpClient()
        self._credentials = basic_credentials(host)
        self._authorization = ""

    def open(self, key: str, offset: int) -> Iterator[bytes]:
        """Yield the content of a blob or manifest from an offset on."""
        accepted = {"Accept": MANIFEST_TYPE} if key.startswith("manifests/") else {}
        with self._send("GET", _path(key), headers=accepted | range_from(offset)) as response:
            yield from rest_of(response, offset)

    def put(self, key: str, content: bytes, *, replace: bool = False) -> bool:
        """Upload a blob or manifest; return whether it was not there already."""
        path = _path(key)
        if not replace and self._exists(path):
            return False
        if key.startswith("manifests/"):
            headers = {"Content-Type": MANIFEST_TYPE}
            with self._send("PUT", path, headers=headers, body=content):
                return True
        self._upload(content)
        return True

    def tagged_digest(self) -> str:
        """Return the digest of the manifest that the tag names.

        Raises:
            StoreMissingError: there is no such tag.
            StoreError: the manifest can't be read.
        """
        downloader = Downloader(self, self._place, TAG_TIMEOUT_S)
        content = downloader.read(f"manifests/{self.tag}", max_bytes=MAX_MANIFEST_BYTES)
        return Blob.of(content).digest

    def check_tag(self, digest: str) -> None:
        """Raise StoreError if the tag names another model than the one with this digest."""
        with suppress(StoreMissingError):
            if (found := self.tagged_digest()) != digest:
                reason = f"has the tag {self.tag} on @sha256:{found}"
                raise StoreError(self._place, reason, "Choose another tag, or pass --force")

    def set_tag(self, manifest: bytes) -> None:
        """Have the tag name a manifest."""
        self.put(f"manifests/{self.tag}", manifest, replace=True)

    def _exists(self, path: str) -> bool:
        try:
            with self._send("HEAD", path, headers={"Accept": MANIFEST_TYPE}):
                return True
        except StoreMissingError:
            return False

    def _upload(self, content: bytes) -> None:
        with self._send("POST", "blobs/uploads/", body=b"") as response:
            location = _url(f"{self.base_url}/blobs/uploads/", response.headers["Location"])
        digest = urlencode({"digest": f"sha256:{Blob.of(content).digest}"})
        separator = "&" if urlsplit(location).query else "?"
        headers = {"Content-Type": "application/octet-stream"}
        with self._send("PUT", f"{location}{separator}{digest}", headers=headers, body=content):
            pass

    @contextmanager
    def _send(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
    ) -> Iterator[TimedResponse]:
        """Send a request to the repository; log in first if the registry asks for it.

        ``path`` may be a URL to which the registry refers; only its own host gets the credentials.
        """
        url = urljoin(f"{self.base_url}/", path)
        place = url.partition("?")[0]
        own, other = urlsplit(self.base_url), urlsplit(url)
        if other.scheme not in {"https", own.scheme}:
            raise StoreError(self.base_url, "refers to a place without encryption")
        is_own = own.hostname == other.hostname
        has_logged_in = False
        while True:
            try:
                authorization = self._authorization if is_own else ""
                with self._client.send(
                    method, url, headers=headers, authorization=authorization, body=body
                ) as response:
                    yield response
                    return
            except urllib.error.HTTPError as error:
                with error:
                    challenge = error.headers.get("WWW-Authenticate", "")
                    is_asked = error.code == HTTPStatus.UNAUTHORIZED and challenge
                    if has_logged_in or not is_own or not is_asked:
                        raise status_error(error, place) from error
                self._log_in(challenge, "pull" if method in {"GET", "HEAD"} else "pull,push")
                has_logged_in = True

    def _log_in(self, challenge: str, actions: str) -> None:
        """Prepare the authorization that a challenge asks for (RFC 9110, section 11.6.1)."""
        basic = ""
        if self._credentials:
            basic = f"Basic {base64.b64encode(self._credentials.encode()).decode()}"
        scheme, _, parameters = challenge.partition(" ")
        if scheme.lower() != "bearer":
            self._authorization = basic
            return
        fields = dict(_CHALLENGE.findall(parameters))
        query = {"scope": f"repository:{self._repository}:{actions}"}
        if "service" in fields:
            query["service"] = fields["service"]
        realm = _url(self.base_url, fields.get("realm", ""))
        self._authorization = f"Bearer {self._token(f'{realm}?{urlencode(query)}', basic)}"

    def _token(self, url: str, authorization: str) -> str:
        place = url.partition("?")[0]
        if urlsplit(url).scheme != urlsplit(self.base_url).scheme:
            raise StoreError(place, "asks for credentials without encryption")
        try:
            with self._client.send("GET", url, authorization=authorization) as response:
                content = response.read(MAX_TOKEN_BYTES)
            return _token_in(content)
        except urllib.error.HTTPError as error:
            with error:
                raise status_error(error, place) from error
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
            raise StoreError(place, "answers with no token") from error


def _token_in(content: bytes) -> str:
    fields = json.loads(content)
    token: str = fields.get("token") or fields["access_token"]
    if not _TOKEN.fullmatch(token):
        raise ValueError("The token does not fit into a header")
    return token


def _url(base: str, reference: str) -> str:
    """Return the URL to which a registry refers."""
    try:
        return urlsplit(urljoin(base, reference)).geturl()
    except ValueError as error:
        raise StoreError(base, "refers to something that is no URL") from error


def _path(key: str) -> str:
    return key.replace("/sha256/", "/sha256:")
