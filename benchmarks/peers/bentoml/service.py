"""BentoML service, following its documentation."""

from __future__ import annotations

import os
from typing import Any

import bentoml  # type: ignore[import-not-found,unused-ignore]

from benchmarks.peers.pipeline_model import PipelineModel


@bentoml.service(workers=1)  # type: ignore[untyped-decorator,unused-ignore]
class IntentClassifier:
    """Classifies one text, or a batch of texts."""

    def __init__(self) -> None:
        self.model = PipelineModel(os.environ["MODEL_PATH"])

    @bentoml.api  # type: ignore[untyped-decorator,unused-ignore]
    def predict(self, text: str) -> dict[str, Any]:
        """Classify one text."""
        return self.model.predict([text])[0]

    @bentoml.api  # type: ignore[untyped-decorator,unused-ignore]
    def predict_batch(self, texts: list[str]) -> list[dict[str, Any]]:
        """Classify several texts."""
        return self.model.predict(texts)
