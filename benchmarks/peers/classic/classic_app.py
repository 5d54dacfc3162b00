"""The common setup of such a service: Flask, joblib and scikit-learn on gunicorn."""

from __future__ import annotations

import os
from typing import Any

from flask import Flask, request

from benchmarks.peers.pipeline_model import PipelineModel

app = Flask(__name__)
model = PipelineModel(os.environ["MODEL_PATH"])


@app.post("/predict")
def predict() -> dict[str, Any]:
    """Classify one text, or each text of a list."""
    fields = request.get_json()
    if "texts" in fields:
        return {"predictions": model.predict(fields["texts"])}
    return model.predict([fields["text"]])[0]
