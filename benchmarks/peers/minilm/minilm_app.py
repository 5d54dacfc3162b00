"""MiniLM's vectors and a logistic regression behind Flask."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import joblib
from encoders import ENCODERS
from flask import Flask, request

app = Flask(__name__)
model = joblib.load(os.environ["MODEL_PATH"])
encode = ENCODERS[model["library"]](model["folder"])


@app.post("/predict")
def predict() -> dict[str, Any]:
    """Classify one text, or each text of a list."""
    fields = request.get_json()
    if "texts" in fields:
        return {"predictions": classify(fields["texts"])}
    return classify([fields["text"]])[0]


def classify(texts: Sequence[str]) -> list[dict[str, Any]]:
    """Return the most likely intent of each text, in order."""
    classifier = model["classifier"]
    probabilities = classifier.predict_proba(encode(texts))
    return [
        {"intent": classifier.classes_[row.argmax()], "confidence": float(row.max())}
        for row in probabilities
    ]
