"""Downloads: resumed, retried with a bound, and verified before anything is used."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

from model.errors import StoreError, StoreUnavailableError
from model.store.cache import BlobCache
from model.store.transport import CHUNK_BYTES, Transport

MAX_FAILURES = 4
FIRST_PAUSE_S = 0.2  # doubled after each further failure


class Downloader:
    """Reads whole files of a store within a time."""

    def __init__(
        self,
        transport: Transport,
        place: str,
        timeout_s: float,
        cache: BlobCache | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Start the clock.

        Args:
            transport: reads the store.
            place: names the store in errors.
            timeout_s: the time for all files together.
            cache: verified files that are there are not downloaded.
            pause: waits for some seconds.
        """
        self._cache = cache or BlobCache(None)
        self._transport, self._place, self._pause = transport, place, pause
        self._timeout_s = timeout_s
        self._deadline = time.monotonic() + timeout_s

    def read(self, key: str, *, max_bytes: int) -> bytes:
        """Return a file's content.

        Raises:
            StoreError: the file does not exist, is too large, or can't be read in time.
        """
        return self._read(key, max_bytes, size=None)

    def read_verified(self, key: str, *, digest: str, max_bytes: int, size: int | None) -> bytes:
        """Return the content that has a digest.

        Args:
            key: the file.
            digest: its SHA-256.
            max_bytes: more are not read.
            size: its length, if that is known: a shorter content is resumed.

        Raises:
            StoreError: the file does not exist, does not have the digest, or can't be read in time.
        """
        if (cached := self._cache.get(digest)) is not None:
            return cached
        content = self._read(key, max_bytes, size)
        if hashlib.sha256(content).hexdigest() != digest:
            raise StoreError(
                f"{self._place}/{key}",
                "has another content than its digest says",
                "Delete it there, and push the model again",
            )
        self._cache.put(digest, content)
        return content

    def _read(self, key: str, max_bytes: int, size: int | None) -> bytes:
        chunks: list[bytes] = []
        failures = 0
        while True:
            before = sum(map(len, chunks))
            try:
                self._append(chunks, key, max_bytes, size)
                return b"".join(chunks)
            except StoreUnavailableError:
                failures = 1 if sum(map(len, chunks)) > before else failures + 1
                pause_s = FIRST_PAUSE_S * 2 ** (failures - 1)
                if failures > MAX_FAILURES or time.monotonic() + pause_s > self._deadline:
                    raise
                self._pause(pause_s)

    def _append(self, chunks: list[bytes], key: str, max_bytes: int, size: int | None) -> None:
        length = sum(map(len, chunks))
        for chunk in self._transport.open(key, length):
            if chunks and len(chunks[-1]) < CHUNK_BYTES:  # a store may send single bytes
                chunks[-1] += chunk
            else:
                chunks.append(chunk)
            length += len(chunk)
            if length > max_bytes:
                raise StoreError(f"{self._place}/{key}", f"has more than {max_bytes} bytes")
            if time.monotonic() > self._deadline:
                raise StoreUnavailableError(
                    f"{self._place}/{key}", f"did not arrive within {self._timeout_s:g} s"
                )
        if size is not None and length < size:
            raise StoreUnavailableError(
                f"{self._place}/{key}", f"ended after {length} of {size} bytes"
            )
