"""Flask's hello world on waitress: the least that an answer over HTTP costs."""

from __future__ import annotations

import os

from flask import Flask
from waitress import serve

app = Flask(__name__)


@app.get("/health")
def health() -> dict[str, str]:
    """Say that it is up."""
    return {"status": "ok"}


@app.post("/predict")
def predict() -> dict[str, str | float]:
    """Answer the same to everything."""
    return {"intent": "hello", "confidence": 1.0}


if __name__ == "__main__":
    serve(app, host="127.0.0.1", port=int(os.environ["PORT"]), threads=8)
