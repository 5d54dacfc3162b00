from __future__ import annotations

import hashlib
import tracemalloc
from collections.abc import Iterator

import pytest

from model.errors import StoreError, StoreMissingError, StoreUnavailableError
from model.store.download import MAX_FAILURES, Downloader

CONTENT = b"0123456789"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Store:
    """A store of one file that breaks off after some bytes, once for each entry of ``breaks``."""

    def __init__(self, breaks: list[int | Exception]) -> None:
        self.offsets: list[int] = []
        self.pauses: list[float] = []
        self._breaks = breaks

    def open(self, _: str, offset: int) -> Iterator[bytes]:
        self.offsets.append(offset)
        fault = self._breaks.pop(0) if self._breaks else len(CONTENT)
        if isinstance(fault, Exception):
            raise fault
        yield CONTENT[offset : offset + fault]

    def put(self, key: str, content: bytes, *, replace: bool = False) -> bool:
        raise NotImplementedError


def unavailable() -> StoreUnavailableError:
    return StoreUnavailableError("s3://b", "could not be reached")


def read(store: Store, *, size: int | None = len(CONTENT), max_bytes: int = 100) -> bytes:
    downloader = Downloader(store, "s3://b", 60, pause=store.pauses.append)
    return downloader.read_verified("key", digest=DIGEST, max_bytes=max_bytes, size=size)


def test_a_file_is_read_and_verified():
    """A file with the right digest is returned after one request."""
    store = Store([])
    assert read(store) == CONTENT
    assert store.offsets == [0]


def test_a_broken_download_is_resumed():
    """Bytes that have arrived are not asked for again; pauses grow while none arrive."""
    store = Store([4, 3, unavailable()])
    assert read(store) == CONTENT
    assert store.offsets == [0, 4, 7, 7]
    assert store.pauses == [0.2, 0.2, 0.4]


def test_a_store_that_stays_away_ends_the_download():
    """Without any progress, the number of tries is bounded."""
    store = Store([unavailable() for _ in range(20)])
    with pytest.raises(StoreUnavailableError, match="could not be reached"):
        read(store)
    assert len(store.offsets) == MAX_FAILURES + 1
    assert store.pauses == [0.2, 0.4, 0.8, 1.6]


def test_a_pause_that_ends_too_late_is_not_begun(monkeypatch):
    """The caller learns at once that the file can't arrive in time."""
    monkeypatch.setattr("model.store.download.FIRST_PAUSE_S", 20.0)
    store = Store([unavailable() for _ in range(20)])
    with pytest.raises(StoreUnavailableError, match="could not be reached"):
        read(store)
    assert store.pauses == [20.0, 40.0]


def test_an_error_that_stays_is_not_retried():
    """A missing file stays missing."""
    store = Store([StoreMissingError("s3://b/key")])
    with pytest.raises(StoreMissingError):
        read(store)
    assert store.offsets == [0]


def test_a_file_that_stays_short_is_named_with_its_length():
    """A file that ends early at every try is an error that says how far it went."""
    store = Store([4, *[0] * 20])
    with pytest.raises(StoreUnavailableError, match="ended after 4 of 10 bytes"):
        read(store)


def test_another_content_is_refused():
    """Content that does not have the digest is never returned."""
    with pytest.raises(StoreError, match="s3://b/key has another content than its digest says"):
        read(Store([4]), size=None)


def test_a_content_beyond_the_limit_is_cut_off():
    """No more than the limit is held in memory."""
    with pytest.raises(StoreError, match="has more than 9 bytes"):
        read(Store([]), max_bytes=9)


def test_a_content_without_a_digest_is_read_whole():
    """A pointer has no digest."""
    downloader = Downloader(Store([]), "s3://b", 60)
    assert downloader.read("key", max_bytes=100) == CONTENT


def test_a_slow_store_ends_the_download_in_time(monkeypatch):
    """The time is for all tries together."""
    monkeypatch.setattr("time.monotonic", iter([0.0, 61.0, 61.0]).__next__)
    with pytest.raises(StoreUnavailableError, match="did not arrive within 60 s"):
        read(Store([]))


def test_a_store_that_sends_single_bytes_takes_no_more_memory():
    """An object for each piece would take twenty times the memory of its bytes."""

    class Pieces(Store):
        def open(self, _: str, offset: int) -> Iterator[bytes]:
            return (b"%02d" % (number % 100) for number in range(offset, 100_000))

    downloader = Downloader(Pieces([]), "s3://b", 60)
    tracemalloc.start()
    try:
        content = downloader.read("key", max_bytes=200_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(content) == 200_000
    assert peak < 1_000_000
