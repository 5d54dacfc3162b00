"""URIs of model stores, which may name a model by its digest."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from model.errors import StoreError

FOLDER = "file"
REGISTRY = "oci"
WEB = "https"
OBJECT_STORES = ("s3", "gs", "az")
SCHEMES = (FOLDER, *OBJECT_STORES, WEB, REGISTRY)
DIGEST = re.compile(r"[0-9a-f]{64}")

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_DIGEST_SUFFIX = re.compile(r"(?:#sha256=|@sha256:)([^/]*)\Z")
_PLACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~:/+=-]*")
_HOW_TO_GET_A_DIGEST = (
    "Append #sha256=DIGEST: python -m model.push prints the URI with it, and so does "
    "python -m model.pull for a registry's tag or a published name"
)


@dataclass(frozen=True, slots=True)
class StoreUri:
    """The place of a store, and the model in it.

    Attributes:
        scheme: one of ``SCHEMES``; a plain path has ``file``.
        place: what follows ``://``, without the digest; of a folder, its path.
        digest: the SHA-256 of the model's manifest, hexadecimal; None if the URI names no model.
    """

    scheme: str
    place: str
    digest: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the URI of a text: ``SCHEME://PLACE``, or a path, with or without a digest.

        Raises:
            StoreError: the text is no such URI, or holds a password.
        """
        digest = None
        place = text
        if found := _DIGEST_SUFFIX.search(text):
            place, digest = text[: found.start()], found[1]
        shown = place.partition("?")[0]  # a query may hold a signature
        scheme = FOLDER
        if found := _SCHEME.fullmatch(place):
            scheme, place = found[1].lower(), found[2]
        if scheme not in SCHEMES:
            raise StoreError(f"{scheme}://", f"is no store: use a path or {_schemes()}")
        # Quotes no text that holds "@": a password may stand before it.
        if scheme != FOLDER and "@" in place:
            raise StoreError(f"{scheme}://", "must hold neither user nor password")
        if digest is not None and not DIGEST.fullmatch(digest):
            raise StoreError(shown, "has no digest of 64 hexadecimal digits in lower case")
        if scheme == FOLDER:
            return cls(FOLDER, place, digest)
        if not _PLACE.fullmatch(place) or ".." in place.split("/"):
            raise StoreError(shown, "holds characters that no store has")
        return cls(scheme, place.rstrip("/"), digest)

    def __str__(self) -> str:
        """Return the URI as text."""
        place = self.location
        if self.digest is None:
            return place
        return (
            f"{place}@sha256:{self.digest}" if self.is_registry else f"{place}#sha256={self.digest}"
        )

    @property
    def location(self) -> str:
        """The URI without its digest."""
        return self.place if self.is_folder else f"{self.scheme}://{self.place}"

    @property
    def is_folder(self) -> bool:
        """Return whether the store is a folder or a file of this machine."""
        return self.scheme == FOLDER

    @property
    def is_registry(self) -> bool:
        """Return whether the store is a repository of a container registry."""
        return self.scheme == REGISTRY

    @property
    def path(self) -> Path:
        """The path of a folder."""
        return Path(self.place)

    def with_digest(self, digest: str) -> Self:
        """Return the URI of a model in the same store."""
        return replace(self, digest=digest)

    def required_digest(self) -> str:
        """Return the digest.

        Raises:
            StoreError: the URI has none; the error says how to get it.
        """
        if self.digest is None:
            raise StoreError(self.location, "names no digest", _HOW_TO_GET_A_DIGEST)
        return self.digest


def _schemes() -> str:
    *others, last = (f"{scheme}://" for scheme in SCHEMES)
    return f"{', '.join(others)} or {last}"
