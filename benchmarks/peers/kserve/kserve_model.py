"""Custom model for KServe, following its documentation."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import kserve  # type: ignore[import-not-found,unused-ignore]

from benchmarks.peers.pipeline_model import PipelineModel


class IntentModel(kserve.Model):  # type: ignore[misc,unused-ignore]
    """Serves KServe's V1 protocol: instances in, predictions out."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name
        self.load()

    def load(self) -> bool:
        """Load the pipeline."""
        self.model = PipelineModel(os.environ["MODEL_PATH"])
        self.ready = True
        return self.ready

    def predict(
        self,
        payload: Mapping[str, Any],
        headers: Mapping[str, str] | None = None,  # noqa: ARG002 - KServe passes it
    ) -> dict[str, Any]:
        """Classify the instances."""
        return {"predictions": self.model.predict(payload["instances"])}


if __name__ == "__main__":
    kserve.ModelServer(workers=1).start([IntentModel("intent")])
