"""Load the embedding that a training run adds to the n-grams."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Literal

from model.inference.encoders.encoder_file import KINDS, SentenceEncoder, to_bytes
from model.inference.static_embedding import TextEmbedding
from model.learning.encoders import wordllama
from model.learning.encoders.sources import SOURCES, load_arrays

MAX_TIMED = 50

Features = Literal["tfidf", "static", "use", "minilm"]

# The packages that carry the weights.
PACKAGES: Mapping[str, str] = {
    "static": wordllama.PACKAGE,
    **{kind: source.package for kind, source in SOURCES.items()},
}


@dataclass(frozen=True, slots=True)
class LoadedEmbedding:
    """An embedding, and what belongs to a model that is trained with it.

    Attributes:
        embedding: turns texts into vectors; None without vectors.
        title: the name of a sentence encoder, or "".
        file: the content of the sentence encoder's file, or None without one.
        description: of the sentence encoder, for the model card; empty without one.
    """

    embedding: TextEmbedding | None = None
    title: str = ""
    file: bytes | None = None
    description: Mapping[str, object] = field(default_factory=dict)

    def describe(self, texts: Sequence[str]) -> dict[str, object]:
        """Return the description, with the median CPU time to encode one of the texts."""
        if not isinstance(self.embedding, SentenceEncoder):
            return {}
        milliseconds = median_ms(self.embedding.encoder.encode, texts)
        return {**self.description, "milliseconds": round(milliseconds, 2)}


def median_ms(process: Callable[[Sequence[str]], object], texts: Sequence[str]) -> float:
    """Return the median CPU time to process one of the texts, in milliseconds."""

    def time_of(text: str) -> float:
        started = time.thread_time()
        process([text])
        return time.thread_time() - started

    return 1000 * median(map(time_of, texts[:MAX_TIMED]))


def load_embedding(features: Features, languages: Collection[str]) -> LoadedEmbedding:
    """Load the embedding of these features; without languages, an encoder keeps all pieces.

    Raises:
        VectorsMissingError, EncoderMissingError: the weights are not installed.
    """
    if features == "tfidf":
        return LoadedEmbedding()
    if features == "static":
        return LoadedEmbedding(wordllama.load_embedding())
    source, arrays = SOURCES[features], load_arrays(features, languages)
    content, digest = to_bytes(features, arrays)
    return LoadedEmbedding(
        SentenceEncoder(KINDS[features](arrays), digest=digest),
        source.title,
        content,
        source.for_card() | {"kind": features, "sha256": digest, "bytes": len(content)},
    )
