"""``python -m model.predict`` in one process."""

from __future__ import annotations

import sys

from benchmarks.peers.engines.steps import model_path, run
from model.predict import main


def label_table(source: str, output: str) -> None:
    """Label a Parquet file."""
    files = ["--input", source, "--column", "message", "--output", output]
    if main(["--model", str(model_path()), "--jobs", "1", *files]):
        sys.exit("the command failed")


run(label_table)
