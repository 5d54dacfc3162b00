"""Published models: pointers by name, and the models that they name."""

from __future__ import annotations

import threading
from typing import Self

from func.models.served_model import ServedModel
from func.settings import Settings, SettingsError
from model.store.cache import BlobCache
from model.store.model_files import fetch
from model.store.opening import open_store
from model.store.pointers import read_pointer
from model.store.transport import Transport
from model.store.uri import StoreUri

# Measured with the shipped model: the arrays are read in place, but words become Python objects.
BYTES_PER_FILE_BYTE = 1.7
ALLOWED = "a folder, s3://, gs://, az:// or https://, without a digest"


class ModelSource:
    """Loads published models; safe to call from many threads."""

    def __init__(
        self,
        uri: StoreUri,
        transport: Transport,
        *,
        cache: BlobCache,
        timeout_s: float,
        threshold: float | None,
    ) -> None:
        self._uri, self._transport = uri, transport
        self._cache, self._timeout_s, self._threshold = cache, timeout_s, threshold
        # To build a model takes milliseconds of Python: one at a time leaves the rest to requests.
        self._building = threading.Lock()

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Return the source that MODELS_URI names.

        Raises:
            StoreError: the URI is none, or the library of its store is not installed.
            SettingsError: the store keeps no names.
        """
        text = settings.models_uri or ""
        uri = StoreUri.parse(text)
        if uri.is_registry or uri.digest is not None:
            raise SettingsError("MODELS_URI", text, ALLOWED)
        return cls(
            uri,
            open_store(uri),
            cache=BlobCache(settings.model_cache_dir, settings.model_cache_mb),
            timeout_s=settings.model_fetch_timeout_s,
            threshold=settings.intent_threshold,
        )

    def current(self, name: str) -> str | None:
        """Return the digest of the version that is published under a name; None if there is none.

        Raises:
            StoreError: the store can't be read.
        """
        pointer = read_pointer(self._transport, self._uri.location, name)
        return pointer.current.digest if pointer else None

    def load(self, name: str, digest: str) -> ServedModel:
        """Return a version of a model, checked by its self-test.

        Raises:
            ArtifactError: it can't be fetched or served.
        """
        files = fetch(
            self._uri.with_digest(digest),
            cache=self._cache,
            timeout_s=self._timeout_s,
            transport=self._transport,
        )
        with self._building:
            model = files.load(threshold=self._threshold, is_compact=True)
        size = int(BYTES_PER_FILE_BYTE * files.size)
        encoder = files.encoder
        shared = (encoder.digest, len(encoder.content)) if encoder else ("", 0)
        return ServedModel(name, digest, model, size, shared)
