from __future__ import annotations

import pytest

from func.models.model_source import ModelSource
from func.settings import Settings, SettingsError
from model.errors import StoreError
from model.inference.encoders import ENCODER_NAME
from model.inference.weights import SparseWeights
from model.store.model_files import ModelFiles
from tests.func.models.conftest import PublishedModels
from tests.support.stores.sparse_model import sparse_files


def test_a_published_model_is_found_and_loaded(published):
    """The pointer names the version, and the version is loaded by its digest."""
    digest = published.publish("acme")
    source = ModelSource.from_settings(Settings(models_uri=str(published.folder)))
    assert source.current("acme") == digest
    assert source.current("other") is None
    assert source.load("acme", digest).version == digest[:12]


def test_the_weights_of_a_published_model_are_no_table(
    small_files, small_model, tmp_path, monkeypatch
):
    """Many models share the memory, and a table takes as much as the file."""
    files = sparse_files(small_files, small_model.card.model_sha256)
    digest = PublishedModels(tmp_path, files).publish("acme", small_model.card.threshold)
    monkeypatch.delattr(SparseWeights, "table")
    source = ModelSource.from_settings(Settings(models_uri=str(tmp_path)))
    model = source.load("acme", digest).model
    [found], [expected] = model.predict(["hello"]), small_model.predict(["hello"])
    assert found.intent == expected.intent
    assert found.confidence == pytest.approx(expected.confidence)


def test_the_encoder_of_a_published_model_is_known_by_its_digest(sentence_folder, tmp_path):
    """Models with the same one count it once."""
    files = ModelFiles.read(sentence_folder)
    assert files.encoder
    digest = PublishedModels(tmp_path, files).publish("acme")
    source = ModelSource.from_settings(Settings(models_uri=str(tmp_path)))
    size = (sentence_folder / ENCODER_NAME).stat().st_size
    assert source.load("acme", digest).encoder == (files.encoder.digest, size)


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
