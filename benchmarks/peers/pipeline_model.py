"""The scikit-learn pipeline as the peers serve it: loaded by joblib, returns probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import joblib


class PipelineModel:
    """A fitted pipeline that returns the most likely intent of each text."""

    def __init__(self, path: str) -> None:
        self._pipeline = joblib.load(path)
        self._labels = self._pipeline.classes_.tolist()

    def predict(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """Return the intent of each text, in order."""
        probabilities = self._pipeline.predict_proba(texts)
        best = probabilities.argmax(axis=1)
        return [
            {"intent": self._labels[top], "confidence": float(row[top])}
            for row, top in zip(probabilities, best, strict=True)
        ]


@lru_cache(maxsize=1)
def load_once(path: str) -> PipelineModel:
    """Return the model at a path, loaded once in each process."""
    return PipelineModel(path)
