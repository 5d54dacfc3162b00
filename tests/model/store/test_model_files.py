from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from model.errors import ArtifactBrokenError, StoreError, StoreMissingError, StoreUnavailableError
from model.store.cache import BlobCache
from model.store.folder import FolderTransport
from model.store.model_files import (
    ModelFiles,
    fetch,
    key_of_blob,
    key_of_manifest,
    push,
)
from model.store.uri import StoreUri
from tests.support.stores.servers import QuietHandler
from tests.support.stores.web import WebStore, corrupt, end_early, truncate


@pytest.fixture
def store(tmp_path: Path, small_files: ModelFiles) -> StoreUri:
    """The URI of the small model in a folder that is a store."""
    push(small_files, FolderTransport(tmp_path / "store"))
    return StoreUri.parse(str(tmp_path / "store")).with_digest(small_files.digest)


@pytest.fixture
def web_model(web: WebStore, store: StoreUri) -> StoreUri:
    """The URI of the small model on the web server."""
    web.files = {
        str(path.relative_to(store.path)): path.read_bytes()
        for path in store.path.rglob("*")
        if path.is_file()
    }
    assert store.digest
    return StoreUri.parse(web.uri).with_digest(store.digest)


def test_a_stored_model_answers_as_the_trained_one(store, small_model):
    """A store returns the model that was pushed."""
    texts = ["hello there", "where is my parcel"]
    assert fetch(store).load().predict(texts) == small_model.predict(texts)


def test_no_pickle_is_stored(store):
    """A store holds the compiled form, the card, the configuration and the manifest."""
    files = [path for path in store.path.rglob("*") if path.is_file()]
    assert len(files) == 4
    assert not any(path.read_bytes().startswith(b"\x80") for path in files)


def test_a_model_is_stored_once(store, small_files):
    """Pushing the same model again writes nothing."""
    assert not push(small_files, FolderTransport(store.path))


def test_a_folder_of_training_is_served_without_its_pickle(tmp_path, small_folder, small_files):
    """A mounted folder needs no digest, and its pickle is not read."""
    folder = shutil.copytree(small_folder, tmp_path / "model")
    (folder / "intent_model.pkl").unlink()
    assert fetch(StoreUri.parse(str(folder))).contents == small_files.contents
    assert ModelFiles.read(folder / "intent_model.safetensors").contents == small_files.contents


def test_a_folder_may_be_named_with_its_digest(small_folder, small_files):
    """A digest holds for a mounted folder as well."""
    uri = StoreUri.parse(str(small_folder))
    assert fetch(uri.with_digest(small_files.digest)).contents == small_files.contents
    with pytest.raises(StoreError, match=f"it has #sha256={small_files.digest}"):
        fetch(uri.with_digest("0" * 64))


def test_a_pickle_is_never_loaded_by_a_uri(small_folder):
    """Only MODEL_PATH names a pickle."""
    with pytest.raises(StoreError, match="is a pickle, which no URI loads"):
        fetch(StoreUri.parse(str(small_folder / "intent_model.pkl")))


@pytest.mark.parametrize(
    ("names", "remedy"),
    [
        pytest.param([], "Name the folder of a trained model.", id="empty"),
        pytest.param(
            ["intent_model.pkl"],
            "Compile the model there: python -m model.compile.",
            id="pipeline-alone",
        ),
    ],
)
def test_a_folder_without_a_model_is_named(tmp_path, names, remedy):
    """The missing file and the remedy are part of the error."""
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(StoreError) as caught:
        fetch(StoreUri.parse(str(tmp_path)))
    assert str(caught.value) == f"{tmp_path}/intent_model.safetensors does not exist. {remedy}"


def test_a_file_that_can_not_be_read_is_named(tmp_path):
    """The system's reason is part of the error."""
    (tmp_path / "intent_model.safetensors").mkdir()
    with pytest.raises(StoreError, match="can't be read: Is a directory"):
        fetch(StoreUri.parse(str(tmp_path)))


def test_files_of_two_models_are_refused(small_files):
    """The compiled form and the card name the same pickle."""
    card = json.loads(small_files.contents["model_card.json"]) | {"model_sha256": "0" * 64}
    mixed = {**small_files.contents, "model_card.json": json.dumps(card).encode()}
    with pytest.raises(ArtifactBrokenError, match="compiled form was made from another pickle"):
        ModelFiles("s3://b", mixed).load()


def test_a_card_that_is_no_card_is_refused(small_files):
    """Errors of a file name the place of the model."""
    broken = {**small_files.contents, "model_card.json": b"{}"}
    with pytest.raises(ArtifactBrokenError, match="s3://b is not a readable model card"):
        ModelFiles("s3://b", broken).load()


def test_the_threshold_can_be_overridden(small_files):
    """As for a model of the image."""
    assert small_files.load(threshold=0.25).card.threshold == 0.25


def test_a_remote_model_needs_a_digest():
    """Without a digest nothing is downloaded."""
    with pytest.raises(StoreError, match="s3://bucket/models names no digest"):
        fetch(StoreUri.parse("s3://bucket/models"))


def test_a_digest_that_the_store_lacks_is_named(store):
    """The error names the manifest that was looked for."""
    with pytest.raises(StoreMissingError, match=f"manifests/sha256/{'0' * 64} does not exist"):
        fetch(store.with_digest("0" * 64))


def test_a_download_that_breaks_off_is_resumed(web, web_model, small_files):
    """The rest is asked for, and the whole is verified."""
    web.faults = [truncate]
    assert fetch(web_model).contents == small_files.contents
    assert web.requests[1][2].startswith("bytes=")


def test_a_body_that_ends_early_is_resumed(web, web_model, small_files):
    """A length that the server reports is not trusted: the manifest has its own."""
    web.faults = [lambda handler, content: handler.answer(200, content), end_early]
    assert fetch(web_model).contents == small_files.contents


def test_a_corrupt_file_is_refused(web, web_model):
    """A file that does not have its digest is not loaded."""
    web.faults = [corrupt]
    with pytest.raises(StoreError, match="has another content than its digest says"):
        fetch(web_model)


def test_a_server_that_is_gone_in_the_middle_ends_the_fetch(web, web_model, monkeypatch):
    """Tries are bounded, and no part of a model is returned."""
    monkeypatch.setattr("model.store.download.FIRST_PAUSE_S", 0.0)
    web.faults = [lambda handler, content: handler.answer(200, content), *[truncate] * 8]
    web.files[key_of_blob(_compiled_digest(web_model, web))] = b""
    with pytest.raises(StoreUnavailableError, match="ended after 0 of"):
        fetch(web_model)


def _compiled_digest(uri: StoreUri, web: WebStore) -> str:
    assert uri.digest
    layers = json.loads(web.files[key_of_manifest(uri.digest)])["layers"]
    return str(layers[0]["digest"]).removeprefix("sha256:")


def test_cached_files_are_not_downloaded_again(tmp_path, web, web_model, small_files):
    """With a full cache, the server is not asked."""
    cache = BlobCache(tmp_path / "cache")
    fetch(web_model, cache=cache)
    web.files.clear()
    web.requests.clear()
    assert fetch(web_model, cache=cache).contents == small_files.contents
    assert web.requests == []


def test_downloads_are_announced(web_model):
    """Who waits sees which file is fetched, and how large it is."""
    lines: list[str] = []
    files = fetch(web_model, progress=lines.append)
    sizes = [len(content) for content in files.contents.values()]
    assert lines == [
        f"intent_model.safetensors ({sizes[0]:,} bytes)",
        f"model_card.json ({sizes[1]:,} bytes)",
    ]
    assert files.size == sum(sizes)


def test_no_more_is_read_than_the_manifest_lists(web, web_model, small_files):
    """A server that sends without end fills no memory."""

    def send_more(handler: QuietHandler, content: bytes) -> None:
        handler.answer(200, content + b"x")

    size = len(small_files.contents["intent_model.safetensors"])
    web.faults = [lambda handler, content: handler.answer(200, content), send_more]
    with pytest.raises(StoreError, match=f"has more than {size} bytes"):
        fetch(web_model)
