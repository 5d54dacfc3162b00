"""Pointers: the name under which a model is published, and which of its versions is current."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from model.errors import StoreError, StoreMissingError
from model.store.download import Downloader
from model.store.transport import Transport
from model.store.uri import DIGEST

POINTER_NAME = "current.json"
MAX_POINTER_BYTES = 64 * 1024
MAX_PREVIOUS = 20  # versions to which a model can be rolled back
POINTER_TIMEOUT_S = 20.0

# The name becomes a part of paths, so it holds no separator and does not begin with a dot.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
RESERVED = ("blobs", "manifests")  # the folders of files by digest


@dataclass(frozen=True, slots=True)
class Version:
    """A model that was published.

    Attributes:
        digest: names the model.
        time: when it was published, in RFC 3339.
    """

    digest: str
    time: str


@dataclass(frozen=True, slots=True)
class Pointer:
    """The version that a name stands for.

    Attributes:
        current: the version that is served.
        previous: those before it, the newest first.
    """

    current: Version
    previous: tuple[Version, ...] = ()

    @classmethod
    def from_json(cls, content: bytes, place: str) -> Self:
        """Read a pointer; errors name ``place``.

        Raises:
            StoreError: the content is no pointer.
        """
        try:
            fields = json.loads(content)
            previous = tuple(_version(entry) for entry in fields.get("previous", []))
            return cls(_version(fields), previous)
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
            raise StoreError(
                place, "is no pointer to a model", "Publish the model again"
            ) from error

    def to_json(self) -> bytes:
        """Return the pointer as it is stored."""
        fields: dict[str, Any] = _fields(self.current)
        fields["previous"] = [_fields(version) for version in self.previous]
        return json.dumps(fields, indent=2).encode() + b"\n"

    def followed_by(self, digest: str) -> Self:
        """Return the pointer to a newer version; this one's versions become previous."""
        previous = (self.current, *self.previous)[:MAX_PREVIOUS]
        return type(self)(Version(digest, _now()), previous)

    def rolled_back(self) -> Self | None:
        """Return the pointer to the version before the current one; None if there is none."""
        if not self.previous:
            return None
        newest, *others = self.previous
        return type(self)(Version(newest.digest, _now()), tuple(others))


def first_pointer(digest: str) -> Pointer:
    """Return the pointer to the first version that is published under a name."""
    return Pointer(Version(digest, _now()))


def is_valid_name(name: str) -> bool:
    """Return whether a model may have this name."""
    return bool(NAME.fullmatch(name)) and name not in RESERVED


def read_pointer(transport: Transport, place: str, name: str) -> Pointer | None:
    """Return the pointer of a name; None if nothing is published under it.

    Raises:
        StoreError: the store can't be read, or holds no pointer there.
    """
    downloader = Downloader(transport, place, POINTER_TIMEOUT_S)
    key = key_of_pointer(name)
    try:
        content = downloader.read(key, max_bytes=MAX_POINTER_BYTES)
    except StoreMissingError:
        return None
    return Pointer.from_json(content, f"{place}/{key}")


def write_pointer(transport: Transport, name: str, pointer: Pointer) -> None:
    """Publish a pointer.

    Raises:
        StoreError: the store can't be written.
    """
    transport.put(key_of_pointer(name), pointer.to_json(), replace=True)


def key_of_pointer(name: str) -> str:
    """Return the key of a name's pointer; the name must be valid."""
    if not is_valid_name(name):
        raise ValueError("The name of a model is not valid")
    return f"{name}/{POINTER_NAME}"


def _version(fields: dict[str, Any]) -> Version:
    digest = str(fields["digest"]).removeprefix("sha256:")
    if not DIGEST.fullmatch(digest):
        raise ValueError("The digest is no SHA-256")
    return Version(digest, str(fields["time"]))


def _fields(version: Version) -> dict[str, str]:
    return {"digest": f"sha256:{version.digest}", "time": version.time}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
