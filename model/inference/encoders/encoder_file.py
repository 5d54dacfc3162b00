"""The file of a sentence encoder, whose arrays are verified before they are used.

It is a safetensors file whose metadata has the SHA-256 of each array. The SHA-256 of the header,
which covers them all, is the encoder's digest. The rows of the largest array, the table of
embeddings, are read and verified when they are used; all other arrays are mapped.
"""

from __future__ import annotations

import hashlib
import json
import mmap
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from model.errors import EncoderError
from model.inference.encoders import ENCODER_NAME
from model.inference.encoders.convolutional import ConvolutionalEncoder
from model.inference.encoders.transformer import TransformerEncoder
from model.inference.encoders.verified_rows import OpenFile, Source, VerifiedRows, block_digests
from model.inference.safetensors_file import METADATA, file_of, header_of, view_of
from model.inference.static_embedding import DIGEST

FORMAT = "intent-function-encoder/1"
TABLE, BLOCK_DIGESTS = "table", "table.digests"
WHOLE_SENTENCE = "(the whole sentence)"
MAX_WORDS_LEFT_OUT = 32  # each is a text to encode
# Vectors of texts that are asked for again within a moment, and by training and verification.
MAX_RECENT = 512
MAX_RECENT_LENGTH = 200


class Encoder(Protocol):
    """Turns texts into vectors."""

    @property
    def is_multilingual(self) -> bool:
        """Return whether texts of one meaning have similar vectors in many languages."""

    @property
    def dimensions(self) -> int:
        """The length of a vector."""

    @property
    def cosine_weight(self) -> float:
        """The weight of a cosine in the logit of a description that fits a text.

        It has the largest likelihood on CLINC150's validation split, with a name and a description
        of each intent.
        """

    def is_word(self, word: str) -> bool:
        """Return whether a word is one piece."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return a vector of length one for each text: shape (texts, dimensions)."""

    def work(self, texts: Sequence[str]) -> int:
        """Return an estimate of the time to encode texts, in microseconds."""


KINDS: Mapping[str, Callable[[Mapping[str, Any]], Encoder]] = {
    "use": ConvolutionalEncoder,
    "minilm": TransformerEncoder,
}


class SentenceEncoder:
    """An encoder, the digest of its file, and the vectors of the texts that it encoded last.

    It is pickled by its digest: whoever loads the pickle finds the file in ``folder``.

    Attributes:
        encoder: the network.
        digest: the SHA-256 of the file's header.
        content: the file, which the arrays are views of; empty while it is not written yet.
        is_multilingual: whether texts of one meaning have similar vectors in many languages.
    """

    folder: ClassVar[ContextVar[Path]] = ContextVar("folder", default=Path())

    def __init__(self, encoder: Encoder, *, digest: str, content: bytes | mmap.mmap = b"") -> None:
        self.encoder, self.digest, self.content = encoder, digest, content
        self.is_multilingual = encoder.is_multilingual
        self._recent: dict[str, NDArray[np.float32]] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return _from_folder, (self.digest,)

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return self.encoder.dimensions

    def is_word(self, word: str) -> bool:
        """Return whether a word is one piece."""
        return self.encoder.is_word(word)

    def transform(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return a vector of length one for each text: shape (texts, dimensions)."""
        recent = self._recent
        fresh = [text for text in dict.fromkeys(texts) if text not in recent]
        new = dict(zip(fresh, self.encoder.encode(fresh), strict=True))
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        for row, text in enumerate(texts):
            vectors[row] = new[text] if text in new else recent[text]
        short = {text: new[text] for text in fresh[:MAX_RECENT] if len(text) <= MAX_RECENT_LENGTH}
        # Other threads go on with the dictionary that they hold.
        full = len(recent) + len(short) > MAX_RECENT
        self._recent = short if full else recent | short
        return vectors

    def contributions(self, text: str, weights: NDArray[np.float64]) -> list[tuple[str, float]]:
        """Return by how much the dot product with `weights` decreases without each word.

        The rest of the product is the contribution of the whole sentence. A text of more than
        MAX_WORDS_LEFT_OUT words has this contribution alone.

        Args:
            text: of any length.
            weights: shape (dimensions,).
        """
        words = text.split()
        if len(words) > MAX_WORDS_LEFT_OUT:
            words = []
        without = [" ".join(words[:n] + words[n + 1 :]) for n in range(len(words))]
        whole, *parts = (self.encoder.encode([text, *without]) @ weights).tolist()
        losses = [(word.lower(), whole - part) for word, part in zip(words, parts, strict=True)]
        return [*losses, (WHOLE_SENTENCE, whole - sum(loss for _, loss in losses))]

    def work(self, texts: Sequence[str]) -> int:
        """Return an estimate of the time to encode texts, in microseconds."""
        return self.encoder.work(texts) if texts else 0

    def fresh_work(self, texts: Sequence[str]) -> int:
        """Return an estimate of the time of ``transform``, which keeps vectors of recent texts."""
        return self.work([text for text in texts if text not in self._recent])

    def explaining_work(self, text: str) -> int:
        """Return an estimate of the time of ``contributions``, in microseconds."""
        return self.encoder.work([text] * (1 + min(text.count(" "), MAX_WORDS_LEFT_OUT)))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return an array that names the encoder: the digest's bytes."""
        return {DIGEST: np.frombuffer(bytes.fromhex(self.digest), np.uint8)}


def _from_folder(digest: str) -> SentenceEncoder:
    return load_encoder(SentenceEncoder.folder.get() / ENCODER_NAME, digest=digest)


def load_encoder(path: Path, *, digest: str = "") -> SentenceEncoder:
    """Load an encoder; its file stays open.

    Args:
        path: the file.
        digest: the digest that the encoder must have; "" accepts any.

    Raises:
        EncoderError: the file is missing, damaged, or that of another encoder.
    """
    try:
        file = OpenFile(path)
        content = mmap.mmap(file.descriptor, 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:  # mmap takes no empty file
        raise EncoderError("can't be read") from error
    return read_encoder(content, digest=digest, source=file)


def read_encoder(
    content: bytes | mmap.mmap, *, digest: str = "", source: Source | None = None
) -> SentenceEncoder:
    """Return the encoder of a file's content.

    Args:
        content: of the file.
        digest: the digest that the encoder must have; "" accepts any.
        source: from which the table is read; without it, from ``content``.

    Raises:
        EncoderError: the content is damaged, or that of another encoder.
    """
    header, body_start = header_of(content)
    found = hashlib.sha256(header).hexdigest()
    if digest not in ("", found):
        raise EncoderError("is not the encoder that the model was trained with")
    try:
        encoder = _encoder_of(json.loads(header), content, source or content, body_start)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise EncoderError("describes no encoder") from error
    return SentenceEncoder(encoder, digest=found, content=content)


def _encoder_of(
    entries: dict[str, Any], content: bytes | mmap.mmap, source: Source, body_start: int
) -> Encoder:
    metadata = entries.pop(METADATA)
    if metadata["format"] != FORMAT:
        raise EncoderError("is of another version of this program")
    body = memoryview(content)[body_start:]
    arrays: dict[str, Any] = {name: view_of(body, entry) for name, entry in entries.items()}
    for name, array in arrays.items():
        if name != TABLE and _digest_of(array) != metadata[name]:
            raise EncoderError("is damaged")
    table_start = body_start + entries[TABLE]["data_offsets"][0]
    arrays[TABLE] = VerifiedRows(arrays[TABLE], arrays[BLOCK_DIGESTS], source, start=table_start)
    return KINDS[metadata["kind"]](arrays)


def to_bytes(kind: str, arrays: Mapping[str, NDArray[Any]]) -> tuple[bytes, str]:
    """Return the content of an encoder's file, and its digest."""
    every = {**arrays, BLOCK_DIGESTS: block_digests(arrays[TABLE])}
    metadata = {"format": FORMAT, "kind": kind}
    metadata |= {name: _digest_of(array) for name, array in every.items() if name != TABLE}
    header, content = file_of(every, metadata)
    return content, hashlib.sha256(header).hexdigest()


def _digest_of(array: NDArray[Any]) -> str:
    return hashlib.sha256(array.data).hexdigest()
