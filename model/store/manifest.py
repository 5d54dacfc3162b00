"""The manifest of a model: an OCI image manifest in the layout of ModelPack.

Its digest names the model: it lists the model's files by their digests, so that whoever trusts the
digest trusts the files (https://github.com/modelpack/model-spec). The same manifest is stored in
registries, folders and object stores. It holds no time: the same files have the same digest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from mmap import mmap
from typing import Any, Self

from model.errors import StoreError
from model.inference.compiled_pipeline import COMPILED_NAME
from model.inference.encoders import ENCODER_NAME
from model.inference.model_card import CARD_NAME
from model.store.uri import DIGEST

FILE_NAMES = (COMPILED_NAME, CARD_NAME)  # no pickle: whoever loads one executes it
ALL_NAMES = (*FILE_NAMES, ENCODER_NAME)  # the last of models that have a sentence encoder

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
ARTIFACT_TYPE = "application/vnd.cncf.model.manifest.v1+json"
CONFIG_TYPE = "application/vnd.cncf.model.config.v1+json"
FILE_TYPES = {
    COMPILED_NAME: "application/vnd.cncf.model.weight.v1.raw",
    CARD_NAME: "application/vnd.cncf.model.doc.v1.raw",
    ENCODER_NAME: "application/vnd.cncf.model.weight.v1.raw",
}
FILE_PATH = "org.cncf.model.filepath"

MAX_MANIFEST_BYTES = 256 * 1024
MAX_FILE_BYTES = 1024 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Blob:
    """A stored file.

    Attributes:
        digest: its SHA-256, hexadecimal.
        size: in bytes.
    """

    digest: str
    size: int

    @classmethod
    def of(cls, content: bytes | mmap) -> Self:
        """Return the blob with this content."""
        return cls(hashlib.sha256(content).hexdigest(), len(content))


@dataclass(frozen=True, slots=True)
class Manifest:
    """The files of a model.

    Attributes:
        files: by the names of ``ALL_NAMES``.
    """

    files: Mapping[str, Blob]

    @classmethod
    def of(cls, contents: Mapping[str, bytes | mmap]) -> Self:
        """Return the manifest of a model's files."""
        return cls({name: Blob.of(contents[name]) for name in ALL_NAMES if name in contents})

    @classmethod
    def from_bytes(cls, content: bytes, place: str) -> Self:
        """Read a manifest; files of other names are ignored.

        Raises:
            StoreError: the content is no manifest of a model; the error names ``place``.
        """
        try:
            layers = json.loads(content)["layers"]
            named = [(str(layer["annotations"][FILE_PATH]), _blob(layer)) for layer in layers]
            files = {name: blob for name, blob in named if name in ALL_NAMES}
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
            raise StoreError(place, "is no manifest of a model") from error
        if missing := [name for name in FILE_NAMES if name not in files]:
            raise StoreError(place, f"lists no {' and no '.join(missing)}")
        if len(named) > len({name for name, _ in named}):
            raise StoreError(place, "lists a file twice")
        return cls(files)

    @property
    def config(self) -> bytes:
        """The configuration that ModelPack asks for."""
        digests = [f"sha256:{blob.digest}" for blob in self.files.values()]
        return _json(
            {
                "descriptor": {"name": "intent-classifier"},
                "config": {"architecture": "linear", "format": "safetensors"},
                "modelfs": {"type": "layers", "diffIds": digests},
            }
        )

    def to_bytes(self) -> bytes:
        """Return the manifest as it is stored."""
        layers = [
            _descriptor(FILE_TYPES[name], blob) | {"annotations": {FILE_PATH: name}}
            for name, blob in self.files.items()
        ]
        return _json(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST_TYPE,
                "artifactType": ARTIFACT_TYPE,
                "config": _descriptor(CONFIG_TYPE, Blob.of(self.config)),
                "layers": layers,
            }
        )

    @property
    def digest(self) -> str:
        """The digest that names the model."""
        return Blob.of(self.to_bytes()).digest


def _blob(layer: Mapping[str, Any]) -> Blob:
    algorithm, _, digest = layer["digest"].partition(":")
    size = layer["size"]
    if algorithm != "sha256" or not DIGEST.fullmatch(digest):
        raise ValueError("A digest is no SHA-256")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= MAX_FILE_BYTES:
        raise ValueError("A size is out of range")
    return Blob(digest, size)


def _descriptor(media_type: str, blob: Blob) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": f"sha256:{blob.digest}", "size": blob.size}


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
