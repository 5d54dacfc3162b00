"""Models in stores: fetched by digest, pushed once, and never with a pickle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from mmap import mmap
from pathlib import Path
from typing import TYPE_CHECKING

from model.errors import StoreError
from model.inference.compiled_pipeline import COMPILED_NAME, COMPILED_SUFFIX
from model.inference.encoders import ENCODER_NAME
from model.inference.intent_model import IntentModel
from model.inference.model_card import CARD_NAME
from model.inference.model_parts import LoadOptions
from model.store.cache import BlobCache
from model.store.download import Downloader
from model.store.manifest import (
    FILE_NAMES,
    MAX_MANIFEST_BYTES,
    Blob,
    Manifest,
)
from model.store.opening import open_store
from model.store.shared_encoders import encoder_in, shared_encoder
from model.store.transport import Transport
from model.store.uri import StoreUri

if TYPE_CHECKING:  # most models have no encoder, and start faster without its code
    from model.inference.encoders.encoder_file import SentenceEncoder

FETCH_TIMEOUT_S = 60.0

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The files of a model.

    Attributes:
        place: the URI of the model, or its folder; for errors.
        contents: by the names of ``FILE_NAMES``.
        encoder: the sentence encoder, which other models may share; None without one.
        is_verified: whether the contents have the digests that a manifest lists.
    """

    place: str
    contents: Mapping[str, bytes]
    encoder: SentenceEncoder | None = None
    is_verified: bool = False

    @property
    def all_contents(self) -> Mapping[str, bytes | mmap]:
        """The contents, with that of the sentence encoder."""
        encoder = {ENCODER_NAME: self.encoder.content} if self.encoder else {}
        return {**self.contents, **encoder}

    @property
    def manifest(self) -> Manifest:
        """The manifest that lists the files."""
        return Manifest.of(self.all_contents)

    @property
    def digest(self) -> str:
        """The digest that names the model."""
        return self.manifest.digest

    @property
    def size(self) -> int:
        """The bytes of all files but the sentence encoder's."""
        return sum(map(len, self.contents.values()))

    def load(self, *, threshold: float | None = None, is_compact: bool = False) -> IntentModel:
        """Return the model, checked by its self-test; the arguments are those of ``LoadOptions``.

        Raises:
            ArtifactBrokenError: the files are no model, or not of one model.
        """
        return IntentModel.from_files(
            self.contents[COMPILED_NAME],
            self.contents[CARD_NAME],
            self.place,
            encoder=self.encoder,
            options=LoadOptions(threshold, self.is_verified, is_compact),
        )

    @classmethod
    def read(cls, path: Path) -> ModelFiles:
        """Read the files from where training or ``model.pull`` has written them.

        Args:
            path: their folder, or the compiled form in it.

        Raises:
            StoreError: a file is missing, can't be read, or is a pickle.
            ArtifactBrokenError: the sentence encoder is damaged.
        """
        if path.suffix == ".pkl":
            raise StoreError(
                path, "is a pickle, which no URI loads", "Name its folder, or set MODEL_PATH"
            )
        folder = path.parent if path.suffix == COMPILED_SUFFIX else path
        try:
            contents = {name: (folder / name).read_bytes() for name in FILE_NAMES}
        except FileNotFoundError as error:
            compile_it = "Compile the model there: python -m model.compile"
            is_compilable = any(folder.glob("*.pkl"))
            remedy = compile_it if is_compilable else "Name the folder of a trained model"
            raise StoreError(Path(error.filename), "does not exist", remedy) from error
        except OSError as error:
            raise StoreError(folder, f"can't be read: {error.strerror}") from error
        return cls(str(folder), contents, encoder_in(folder))


def fetch(
    uri: StoreUri,
    *,
    cache: BlobCache | None = None,
    timeout_s: float = FETCH_TIMEOUT_S,
    transport: Transport | None = None,
    progress: Progress = lambda _: None,
) -> ModelFiles:
    """Return the verified files of a model.

    Args:
        uri: a folder with the files of a model, or a store and the model's digest.
        cache: files that are there are not downloaded.
        timeout_s: the time for all downloads together.
        transport: the open store, if the caller keeps one.
        progress: called before each download, with the file's name and size.

    Raises:
        StoreError: the model can't be fetched, or is another one than its digest says.
    """
    if uri.is_folder and (uri.digest is None or _holds_files(uri.path)):
        files = ModelFiles.read(uri.path)
        if uri.digest not in (None, files.digest):
            reason = f"is another model than its digest says: it has #sha256={files.digest}"
            raise StoreError(files.place, reason)
        return files
    digest = uri.required_digest()
    downloader = Downloader(transport or open_store(uri), uri.location, timeout_s, cache)
    key = key_of_manifest(digest)
    content = downloader.read_verified(key, digest=digest, max_bytes=MAX_MANIFEST_BYTES, size=None)
    manifest = Manifest.from_bytes(content, f"{uri.location}/{key}")

    def read(name: str) -> bytes:
        blob = manifest.files[name]
        progress(f"{name} ({blob.size:,} bytes)")
        return downloader.read_verified(
            key_of_blob(blob.digest),
            digest=blob.digest,
            max_bytes=blob.size,
            size=blob.size,
        )

    contents = {name: read(name) for name in FILE_NAMES}
    blob = manifest.files.get(ENCODER_NAME)
    encoder = shared_encoder(blob.digest, partial(read, ENCODER_NAME), str(uri)) if blob else None
    return ModelFiles(str(uri), contents, encoder, is_verified=True)


def push(files: ModelFiles, transport: Transport, progress: Progress = lambda _: None) -> bool:
    """Write a model into a store: its files first, then the manifest that names them.

    Returns:
        Whether anything was written; the files of a model that is there already stay as they are.

    Raises:
        StoreError: the store can't be written.
    """
    manifest = files.manifest
    content = manifest.to_bytes()
    blobs = {**files.all_contents, "configuration": manifest.config}
    is_written = False
    for name, blob in blobs.items():
        progress(f"{name} ({len(blob):,} bytes)")
        is_written |= transport.put(key_of_blob(Blob.of(blob).digest), bytes(blob))
    return transport.put(key_of_manifest(manifest.digest), content) or is_written


def key_of_blob(digest: str) -> str:
    """Return the key of a file."""
    return f"blobs/sha256/{digest}"


def key_of_manifest(digest: str) -> str:
    """Return the key of a manifest."""
    return f"manifests/sha256/{digest}"


def _holds_files(path: Path) -> bool:
    return path.suffix == COMPILED_SUFFIX or (path / COMPILED_NAME).exists()
