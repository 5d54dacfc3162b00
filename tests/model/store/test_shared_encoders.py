from __future__ import annotations

import gc
import shutil
import threading
from dataclasses import replace

import pytest

from model.errors import ArtifactBrokenError
from model.inference.encoders import ENCODER_NAME
from model.inference.intent_model import IntentModel
from model.pull import main as pull_model
from model.push import main as push_model
from model.store.folder import FolderTransport
from model.store.manifest import Blob
from model.store.model_files import ModelFiles, fetch, push
from model.store.shared_encoders import shared_encoder
from model.store.uri import StoreUri
from model.training.fitted_model import MODEL_NAME
from tests.support.timeouts import TIMEOUT_S

TEXTS = ["where is my parcel", "Ich habe mein Passwort vergessen"]


@pytest.fixture(scope="module")
def files(sentence_folder) -> ModelFiles:
    """The files of a model with a sentence encoder."""
    return ModelFiles.read(sentence_folder)


@pytest.fixture
def store(files, tmp_path) -> StoreUri:
    """The URI of that model in a folder that is a store."""
    push(files, FolderTransport(tmp_path / "store"))
    return StoreUri.parse(str(tmp_path / "store")).with_digest(files.digest)


def assert_predict_the_same(model: IntentModel, other: IntentModel) -> None:
    """Compare predictions; a text's vector depends in its last digits on the batch it came in."""
    found, expected = model.predict(TEXTS), other.predict(TEXTS)
    assert [each.intent for each in found] == [each.intent for each in expected]
    confidences = [each.confidence for each in expected]
    assert [each.confidence for each in found] == pytest.approx(confidences)


def test_a_stored_model_predicts_with_its_encoder(store, sentence_model):
    """A store returns the model that was pushed, with its encoder."""
    assert_predict_the_same(fetch(store).load(), sentence_model)


def test_the_commands_write_and_read_the_encoder(sentence_folder, tmp_path, capsys, sentence_model):
    """The pulled folder can be served, and is the model that was pushed."""
    store, folder = tmp_path / "store", tmp_path / "pulled"
    assert push_model([str(store), "--model", str(sentence_folder)]) == 0
    uri = capsys.readouterr().out.strip()
    assert pull_model([uri, "--output", str(folder)]) == 0

    assert (folder / ENCODER_NAME).read_bytes() == (sentence_folder / ENCODER_NAME).read_bytes()
    pulled = fetch(StoreUri.parse(str(folder)))
    assert_predict_the_same(pulled.load(), sentence_model)
    assert uri.endswith(pulled.digest)


def test_an_encoder_is_stored_and_held_once(files, store):
    """Two models that were trained with the same one share it, on disk and in memory."""
    card = files.contents["model_card.json"]
    other = replace(files, contents={**files.contents, "model_card.json": card + b" "})
    push(other, FolderTransport(store.path))
    one, two = fetch(store), fetch(store.with_digest(other.digest))
    encoder = Blob.of((files.all_contents)[ENCODER_NAME])
    sizes = [path.stat().st_size for path in (store.path / "blobs" / "sha256").iterdir()]

    assert one.encoder is two.encoder
    assert sizes.count(encoder.size) == 1


def test_concurrent_loads_read_an_encoder_once(files):
    """The second one waits for the first, and has the same encoder."""
    content = bytes(files.all_contents[ENCODER_NAME])
    is_reading, go_on = threading.Event(), threading.Event()
    reads, loaded = [], []

    def read() -> bytes:
        reads.append(1)
        is_reading.set()
        assert go_on.wait(TIMEOUT_S)
        return content

    def load() -> None:
        loaded.append(shared_encoder("concurrent", read, "store"))

    threads = [threading.Thread(target=load) for _ in range(2)]
    threads[0].start()
    assert is_reading.wait(TIMEOUT_S)
    threads[1].start()
    go_on.set()
    for thread in threads:
        thread.join(TIMEOUT_S)

    assert len(reads) == 1
    assert loaded[0] is loaded[1]


def test_an_encoder_leaves_memory_with_its_last_model(files):
    """It is read again when a model needs it again."""
    content = bytes(files.all_contents[ENCODER_NAME])
    reads = []

    def read() -> bytes:
        reads.append(1)
        return content

    for _ in range(2):
        shared_encoder("leaving", read, "store")
        gc.collect()

    assert len(reads) == 2


def test_a_stored_file_that_is_no_encoder_is_refused():
    """The error names the model."""
    with pytest.raises(ArtifactBrokenError, match=rf"^s3://b/{ENCODER_NAME} describes no encoder"):
        shared_encoder("none", lambda: b"\2" + bytes(7) + b"{}", "s3://b")


def test_a_damaged_encoder_of_a_folder_is_refused(sentence_folder, tmp_path):
    """The error names its file."""
    folder = shutil.copytree(sentence_folder, tmp_path / "model")
    (folder / ENCODER_NAME).write_bytes(b"")

    with pytest.raises(ArtifactBrokenError, match=rf"{ENCODER_NAME} can't be read"):
        ModelFiles.read(folder)


@pytest.mark.parametrize("digest", ["", "ab" * 32], ids=["none", "another"])
def test_a_model_without_its_encoder_is_refused(files, digest):
    """It is not served with another one, nor without."""
    encoder = _with_digest(files.encoder, digest) if digest else None

    with pytest.raises(ArtifactBrokenError, match="lacks the sentence encoder") as caught:
        replace(files, place="s3://b", encoder=encoder).load()
    assert ENCODER_NAME in str(caught.value)


def test_an_encoder_beside_a_model_of_words_is_ignored(small_files, files, small_model):
    """A folder may hold that of an earlier training."""
    model = replace(small_files, encoder=files.encoder).load()

    assert model.predict(TEXTS) == small_model.predict(TEXTS)


def test_a_model_of_the_same_folder_maps_its_encoder(sentence_folder):
    """By its pickle's path and by its folder, the same model is served."""
    by_path = IntentModel.load(sentence_folder / MODEL_NAME)

    assert ModelFiles.read(sentence_folder).load().predict(TEXTS) == by_path.predict(TEXTS)


def _with_digest(encoder, digest):
    return type(encoder)(encoder.encoder, digest=digest, content=encoder.content)
