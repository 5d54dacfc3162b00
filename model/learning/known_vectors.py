"""The vectors of a training set's texts, computed once for all folds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.inference.static_embedding import TextEmbedding
from model.learning.parallel import map_in_threads

BATCH = 256


class KnownVectors:
    """The vectors of known texts, and those of others while it has the embedding.

    Pickling leaves the embedding out, so that other processes can transform known texts only.

    Attributes:
        embedding: computes the vectors of other texts; None in another process.
        dimensions: the length of a vector.
        is_multilingual: whether texts of one meaning have similar vectors in many languages.
    """

    def __init__(self, embedding: TextEmbedding, texts: Sequence[str]) -> None:
        self.embedding: TextEmbedding | None = embedding
        self.dimensions = embedding.dimensions
        self.is_multilingual = embedding.is_multilingual
        texts = list(dict.fromkeys(texts))
        self._vectors = _encode(embedding, texts)
        self._rows = {text: row for row, text in enumerate(texts)}

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "embedding": None}

    def transform(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of texts, shape (texts, dimensions).

        Raises:
            KeyError: in another process, a text is not known.
        """
        if self.embedding and any(text not in self._rows for text in texts):
            return _encode(self.embedding, texts)
        return self._vectors.take([self._rows[text] for text in texts], 0)


def _encode(embedding: TextEmbedding, texts: Sequence[str]) -> NDArray[np.float32]:
    batches = (texts[start : start + BATCH] for start in range(0, len(texts), BATCH))
    return np.concatenate(list(map_in_threads(embedding.transform, batches)))
