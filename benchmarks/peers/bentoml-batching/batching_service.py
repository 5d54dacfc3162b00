"""BentoML service with adaptive batching, following its documentation."""

from __future__ import annotations

import os
from typing import Any

import bentoml  # type: ignore[import-not-found,unused-ignore]

from benchmarks.peers.pipeline_model import PipelineModel


@bentoml.service(workers=1)  # type: ignore[untyped-decorator,unused-ignore]
class IntentClassifier:
    """Classifies texts; the texts of several requests together."""

    def __init__(self) -> None:
        self.model = PipelineModel(os.environ["MODEL_PATH"])

    @bentoml.api(batchable=True)  # type: ignore[untyped-decorator,unused-ignore]
    def predict(self, texts: list[str]) -> list[dict[str, Any]]:
        """Classify the texts that the dispatcher has collected."""
        return self.model.predict(texts)
