"""The vectors of a training set's texts, computed once for all folds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.inference.static_embedding import TextEmbedding

BATCH = 256


class KnownVectors:
    """The vectors of known texts; other processes get them without the embedding.

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
        batches = (texts[start : start + BATCH] for start in range(0, len(texts), BATCH))
        self._vectors = np.concatenate(list(map(embedding.transform, batches)))
        self._rows = {text: row for row, text in enumerate(texts)}

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "embedding": None}

    def transform(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of known texts, shape (texts, dimensions).

        Raises:
            KeyError: a text is not known.
        """
        return self._vectors.take([self._rows[text] for text in texts], 0)
