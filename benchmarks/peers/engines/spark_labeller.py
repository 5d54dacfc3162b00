"""Spark with the project's labeller, as docs/engines.md has it."""

from __future__ import annotations

from pyspark.sql import SparkSession

from benchmarks.peers.engines.steps import model_path, run
from model.spark import label

session = SparkSession.builder.master("local[1]").getOrCreate()


def label_table(source: str, output: str) -> None:
    """Label a Parquet file."""
    table = session.read.parquet(source)
    label(table, "message", model=str(model_path())).write.parquet(output)


run(label_table)
