"""The vectors of a training set's texts, encoded once for all folds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.inference.encoders.encoder_file import SentenceEncoder

BATCH = 256


class KnownVectors:
    """An embedding of known texts; other processes get the vectors without the encoder.

    Attributes:
        encoder: encodes other texts; None in another process.
    """

    def __init__(self, encoder: SentenceEncoder, texts: Sequence[str]) -> None:
        self.encoder: SentenceEncoder | None = encoder
        self.dimensions = encoder.dimensions
        texts = list(dict.fromkeys(texts))
        batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
        self._vectors = np.concatenate([encoder.encoder.encode(batch) for batch in batches])
        self._rows = {text: row for row, text in enumerate(texts)}

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "encoder": None}

    def transform(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return a vector of length one for each text: shape (texts, dimensions)."""
        return self._vectors.take([self._rows[text] for text in texts], 0)
