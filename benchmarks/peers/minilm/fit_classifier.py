"""Fit a logistic regression on MiniLM's vectors: ``fit_classifier.py LIBRARY FOLDER TRAIN MODEL``.

The usual way to classify with sentence vectors. The model says which library encodes, and where
the encoder's files are.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import joblib
import numpy as np
from encoders import ENCODERS
from sklearn.linear_model import LogisticRegression

BATCH = 32


def main(library: str, folder: Path, train: Path, model: Path) -> None:
    """Fit on a CSV file with the columns text and intent, and write the model."""
    encode = ENCODERS[library](folder)
    with train.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    texts = [row["text"] for row in rows]
    batches = (texts[start : start + BATCH] for start in range(0, len(texts), BATCH))
    vectors = np.concatenate([encode(batch) for batch in batches])
    classifier = LogisticRegression(C=10, max_iter=1000)
    classifier.fit(vectors, [row["intent"] for row in rows])
    joblib.dump({"library": library, "folder": folder, "classifier": classifier}, model)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]))
