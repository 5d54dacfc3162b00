from __future__ import annotations

import sys

import pytest

from model.errors import StoreError
from model.store.folder import FolderTransport
from model.store.object_store import ObjectTransport
from model.store.opening import open_store
from model.store.registry import RegistryTransport
from model.store.uri import StoreUri
from model.store.web import WebTransport


@pytest.mark.parametrize(
    ("uri", "transport"),
    [
        ("/srv/models", FolderTransport),
        ("s3://bucket/models", ObjectTransport),
        ("https://host/models", WebTransport),
        ("oci://host/models", RegistryTransport),
    ],
)
def test_each_scheme_has_a_transport(uri, transport):
    """The scheme of a URI chooses how its store is read; nothing connects yet."""
    assert isinstance(open_store(StoreUri.parse(uri)), transport)


def test_a_missing_library_is_named_with_the_remedy(monkeypatch):
    """Without the library of object stores, the error says how to install it."""
    monkeypatch.setitem(sys.modules, "model.store.object_store", None)
    with pytest.raises(StoreError, match="s3://b needs the package obstore") as caught:
        open_store(StoreUri.parse("s3://b"))
    assert "requirements/stores.txt" in str(caught.value)
