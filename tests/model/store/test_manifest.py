from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from model.errors import StoreError
from model.store.manifest import MAX_FILE_BYTES, Blob, Manifest

CONTENTS = {"intent_model.safetensors": b"arrays", "model_card.json": b"{}"}


def fields() -> Any:
    return json.loads(Manifest.of(CONTENTS).to_bytes())


def test_a_manifest_is_read_as_it_was_written():
    """The written manifest lists the digests and sizes of both files."""
    manifest = Manifest.of(CONTENTS)
    assert Manifest.from_bytes(manifest.to_bytes(), "s3://b") == manifest
    assert manifest.files["intent_model.safetensors"] == Blob(
        hashlib.sha256(b"arrays").hexdigest(), 6
    )


def test_the_digest_is_that_of_the_stored_bytes():
    """The digest that names a model is the SHA-256 of its manifest."""
    manifest = Manifest.of(CONTENTS)
    assert manifest.digest == hashlib.sha256(manifest.to_bytes()).hexdigest()


def test_the_same_files_have_the_same_digest():
    """A manifest holds no time and no order of its own."""
    assert Manifest.of(dict(reversed(CONTENTS.items()))).digest == Manifest.of(CONTENTS).digest


def test_the_layout_is_that_of_modelpack():
    """Media types, the config's descriptor and the annotation of file paths follow ModelPack."""
    manifest = Manifest.of(CONTENTS)
    stored = fields()
    assert stored["artifactType"] == "application/vnd.cncf.model.manifest.v1+json"
    assert stored["config"]["mediaType"] == "application/vnd.cncf.model.config.v1+json"
    assert stored["config"]["digest"] == f"sha256:{Blob.of(manifest.config).digest}"
    assert [layer["annotations"]["org.cncf.model.filepath"] for layer in stored["layers"]] == [
        *CONTENTS
    ]
    assert json.loads(manifest.config)["modelfs"]["diffIds"] == [
        layer["digest"] for layer in stored["layers"]
    ]


@pytest.mark.parametrize(
    "name", [pytest.param("intent_model.pkl", id="pickle"), pytest.param(["a"], id="no text")]
)
def test_files_of_other_names_are_ignored(name):
    """A pickle beside the model's files is never fetched."""
    stored = fields()
    other = {**stored["layers"][0], "annotations": {"org.cncf.model.filepath": name}}
    stored["layers"].append(other)
    read = Manifest.from_bytes(json.dumps(stored).encode(), "s3://b")
    assert read == Manifest.of(CONTENTS)


@pytest.mark.parametrize(
    "layer",
    [
        pytest.param({"digest": "sha256:../../etc/passwd"}, id="path"),
        pytest.param({"digest": f"sha512:{'0' * 64}"}, id="algorithm"),
        pytest.param({"digest": 1}, id="digest-no-text"),
        pytest.param({"size": -1}, id="negative-size"),
        pytest.param({"size": MAX_FILE_BYTES + 1}, id="large-size"),
        pytest.param({"size": True}, id="boolean-size"),
        pytest.param({"size": "6"}, id="text-size"),
        pytest.param({"annotations": {}}, id="no-name"),
    ],
)
def test_a_malformed_layer_is_refused(layer):
    """Digest, size and name of each file are checked before they are used."""
    stored = fields()
    stored["layers"][0] |= layer
    with pytest.raises(StoreError, match="s3://b is no manifest of a model"):
        Manifest.from_bytes(json.dumps(stored).encode(), "s3://b")


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"layers": 1}', b'{"layers": [1]}', b"\xff", b"[" * 100_000]
)
def test_other_content_is_refused(content):
    """Content that is no manifest is refused."""
    with pytest.raises(StoreError, match="is no manifest of a model"):
        Manifest.from_bytes(content, "s3://b")


def test_a_missing_file_is_named():
    """A manifest without the card says so."""
    stored = fields()
    del stored["layers"][1]
    with pytest.raises(StoreError, match=r"s3://b lists no model_card\.json"):
        Manifest.from_bytes(json.dumps(stored).encode(), "s3://b")


def test_a_file_that_is_listed_twice_is_refused():
    """Nobody can say which of two files with one name is meant."""
    stored = fields()
    stored["layers"].append(stored["layers"][0])
    with pytest.raises(StoreError, match="lists a file twice"):
        Manifest.from_bytes(json.dumps(stored).encode(), "s3://b")
