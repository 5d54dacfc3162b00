"""The interface of stores: files by key, read as streams and written once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

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
