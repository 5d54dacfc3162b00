"""Fit the project's pipeline in a peer's environment: ``fit_pipeline.py TRAIN_CSV MODEL``.

For peers whose pinned versions can't unpickle the project's own file; run it in the project's root.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))

import joblib

from model.learning.pipeline import build_pipeline


def main(train: Path, model: Path) -> None:
    """Fit on a CSV file with the columns text and intent, and write the pipeline."""
    with train.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    pipeline = build_pipeline()
    pipeline.fit([row["text"] for row in rows], [row["intent"] for row in rows])
    joblib.dump(pipeline, model)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
