from __future__ import annotations

import pytest

from func.models.model_source import ModelSource
from func.settings import Settings, SettingsError
from model.errors import StoreError


def test_a_published_model_is_found_and_loaded(published):
    """The pointer names the version, and the version is loaded by its digest."""
    digest = published.publish("acme")
    source = ModelSource.from_settings(Settings(models_uri=str(published.folder)))
    assert source.current("acme") == digest
    assert source.current("other") is None
    assert source.load("acme", digest).version == digest[:12]


def test_a_damaged_model_is_refused(published):
    """Files are verified by their digests."""
    digest = published.publish("acme")
    published.break_blobs()
    source = ModelSource.from_settings(Settings(models_uri=str(published.folder)))
    with pytest.raises(StoreError, match="has another content than its digest says"):
        source.load("acme", digest)


@pytest.mark.parametrize("uri", ["oci://host/models", f"/srv/models#sha256={'0' * 64}"])
def test_a_store_without_names_is_refused(uri):
    """A registry keeps no pointers, and a digest names one model."""
    with pytest.raises(SettingsError, match=r"MODELS_URI=.* must be a folder"):
        ModelSource.from_settings(Settings(models_uri=uri))
