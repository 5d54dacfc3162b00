"""The interface of stores: files by key, read as streams and written once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from model.errors import StoreError
from model.store.uri import REGISTRY, WEB, StoreUri

READ_TIMEOUT_S = 10.0  # of a store that sends nothing
CHUNK_BYTES = 64 * 1024


class Transport(Protocol):
    """Reads and writes the files of a store.

    A key is a relative path: ``blobs/sha256/DIGEST``, ``manifests/sha256/DIGEST``, or
    ``NAME/current.json``.
    """

    def open(self, key: str, offset: int) -> Iterator[bytes]:
        """Yield a file's content from an offset on.

        Raises:
            StoreMissingError: there is no such file.
            StoreUnavailableError: the store does not answer or breaks off.
            StoreError: the store refuses.
        """

    def put(self, key: str, content: bytes, *, replace: bool = False) -> bool:
        """Write a file; return whether it was written: without ``replace``, an existing one stays.

        Raises:
            StoreError: the file can't be written.
        """


def open_store(uri: StoreUri) -> Transport:
    """Return the transport of a store; only its own libraries are imported.

    Raises:
        StoreError: the library that the store needs is not installed.
    """
    if uri.is_folder:
        from model.store.folder import FolderTransport  # noqa: PLC0415

        return FolderTransport(uri.path)
    if uri.scheme == REGISTRY:
        from model.store.registry import RegistryTransport  # noqa: PLC0415

        return RegistryTransport(uri)
    if uri.scheme == WEB:
        from model.store.web import WebTransport  # noqa: PLC0415

        return WebTransport(uri.location)
    try:
        from model.store.object_store import ObjectTransport  # noqa: PLC0415
    except ImportError as error:
        remedy = "Install it: pip install --requirement requirements/stores.txt"
        raise StoreError(uri.location, "needs the package obstore", remedy) from error
    return ObjectTransport(uri.location)
