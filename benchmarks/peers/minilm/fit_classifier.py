"""Fit a logistic regression on MiniLM's vectors: ``fit_classifier.py LIBRARY FOLDER TRAIN MODEL``.

The usual way to classify with sentence vectors; run it in the project's root. The model names the
library that encodes, and the folder of the encoder's files.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))

import joblib
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from benchmarks.peers.minilm.encoders import MiniLM


def main(library: str, folder: Path, train: Path, model: Path) -> None:
    """Fit on a CSV file with the columns text and intent, and write the pipeline."""
    with train.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    pipeline = make_pipeline(MiniLM(library, folder), LogisticRegression(C=10, max_iter=1000))
    pipeline.fit([row["text"] for row in rows], [row["intent"] for row in rows])
    joblib.dump(pipeline, model)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]))
