"""A Flask app without a model on waitress: the minimum cost of a response over HTTP."""

from __future__ import annotations

import os

from flask import Flask
from waitress import serve

app = Flask(__name__)


@app.get("/health")
def health() -> dict[str, str]:
    """Report that the server is up."""
    return {"status": "ok"}


@app.post("/predict")
def predict() -> dict[str, str | float]:
    """Return a constant response."""
    return {"intent": "hello", "confidence": 1.0}


if __name__ == "__main__":
    serve(app, host="127.0.0.1", port=int(os.environ["PORT"]), threads=8)
