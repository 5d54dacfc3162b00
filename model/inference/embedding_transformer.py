"""The step of a scikit-learn pipeline that gives texts their static word vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from model.inference.static_embedding import Embedding


class StaticVectors(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Turns texts into vectors of an embedding, which it learns nothing about."""

    def __init__(self, embedding: Embedding) -> None:
        self.embedding = embedding

    def fit(self, texts: Sequence[str], targets: Any = None) -> StaticVectors:  # noqa: ARG002
        """Learn nothing."""
        return self

    def transform(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Give the vectors: shape (texts, dimensions)."""
        return self.embedding.transform(texts)

    def get_feature_names_out(self, names: Any = None) -> NDArray[np.object_]:  # noqa: ARG002
        """Name the dimensions."""
        names_out = [f"dimension {number}" for number in range(self.embedding.dimensions)]
        return np.array(names_out, dtype=object)

    def contributions(self, text: str, weights: NDArray[np.float64]) -> dict[str, float]:
        """Give what each word adds to the product of a text's vector and some weights."""
        return self.embedding.contributions(text, weights)

    def __sklearn_is_fitted__(self) -> bool:
        return True
