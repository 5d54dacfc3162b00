"""Vectors of texts as a step of a scikit-learn pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin


class EmbeddingTransformer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Transforms texts into vectors of an embedding; fitting it changes nothing."""

    def __init__(self, embedding: Any) -> None:
        self.embedding = embedding

    def fit(self, texts: Sequence[str], targets: Any = None) -> EmbeddingTransformer:  # noqa: ARG002
        """Return the unchanged transformer."""
        return self

    def transform(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the texts' vectors, shape (texts, dimensions)."""
        vectors: NDArray[np.float32] = self.embedding.transform(texts)
        return vectors

    def get_feature_names_out(self, names: Any = None) -> NDArray[np.object_]:  # noqa: ARG002
        """Return the names of the dimensions."""
        names_out = [f"dimension {number}" for number in range(self.embedding.dimensions)]
        return np.array(names_out, dtype=object)

    def __sklearn_is_fitted__(self) -> bool:
        return True
