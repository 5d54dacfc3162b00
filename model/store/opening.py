"""Open a store by its URI."""

from __future__ import annotations

from model.errors import StoreError
from model.store.transport import Transport
from model.store.uri import REGISTRY, WEB, StoreUri


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
